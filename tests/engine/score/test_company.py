"""What rules name of an entity around a time decides with the mapper what its anomaly is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from engine.rule import Rule
from engine.score import company
from engine.score.anomaly import Proposed
from engine.score.company import AROUND, SPAN, Neighbours
from engine.score.ensemble import Ensemble
from mitre.catalog import Catalog
from mitre.incident import Company
from mitre.ranked import Ranked
from tests.engine.score.parts import NOW, ensemble, own, record, see, strange
from tests.engine.score.test_ensemble import matched, rule

NAMED = replace(rule(), tags=("attack.credential-access", "attack.t1003.001", "attack.T1021"))


def remembered() -> Neighbours:
    found = Neighbours()
    found.add("host.name=ws1", 10_000, [NAMED])
    return found


@pytest.mark.parametrize(("start", "known"), [
    (10_000, True), (10_000 - AROUND, True), (10_000 + AROUND, True),
    (10_000 - 3 * AROUND, False), (10_000 + 3 * AROUND, False),
])  # fmt: skip
def test_what_lies_around_a_window_is_known_and_nothing_else(start: float, known: bool) -> None:
    expected = ("T1003.001", "T1021") if known else ()
    assert remembered().of("host.name=ws1", start, start + 60) == expected
    assert remembered().of("host.name=ws2", start, start + 60) == ()


def test_old_ids_are_remembered_as_the_newest_version_has_them() -> None:
    old = ("attack.t1562.001", "attack.T1086", "attack.t9999", "attack.g0032", "cve.2021-44228")
    found = Neighbours()
    found.add("a", 0, [replace(NAMED, tags=old)])
    assert found.of("a", 0, 60) == ("T1059.001", "T1685")


def test_the_memory_is_bounded_and_old_spans_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "MOST", 3)
    found = Neighbours()
    for at in range(5):
        found.add("a", at * SPAN, [NAMED])
    assert [at for _, at, _ in found.save()] == [2, 3, 4]
    found.forget(4 * SPAN + 2 * AROUND)
    assert [at for _, at, _ in found.save()] == [4]


def test_it_goes_on_from_what_was_saved() -> None:
    again = Neighbours()
    again.restore(json.loads(json.dumps(remembered().save())))
    assert again.save() == remembered().save()


@dataclass
class Asked:
    """Stands for the mapper, with the company of what it is asked about."""

    sure: float

    def __call__(self, anomaly: Any) -> Proposed:
        known = Catalog.load().release()
        technique = known.techniques["T1003.001"]
        mapped = [Ranked(technique.id, technique.name, technique.tactics, self.sure)]
        return Proposed(Company([], known).rerank(mapped, anomaly.neighbours))


def anomaly(sure: float, *rules: Rule) -> dict[str, Any]:
    """The part `attack` of an anomaly whose host had these rules' matches five minutes before."""
    one, _ = ensemble(techniques=Asked(sure))
    _minutes_before(one, *rules)
    for each in strange(340):
        see(one, each, NOW)
    found = one.finish(NOW)[-1]
    attack: dict[str, Any] = own(found)["attack"]
    return attack | {"threat": "threat" in found.document}


def _minutes_before(one: Ensemble, *rules: Rule) -> None:
    for each in (record(335 * 60, 4624), record(335 * 60 + 1, 4634)):
        matched(one, each, *rules)


@pytest.mark.parametrize(("sure", "rules", "source"), [
    (0.4, (), None), (0.4, (NAMED,), "incident"), (0.6, (NAMED,), "mapper"),
    (0.6, (), "mapper"), (0.1, (NAMED,), None),
])  # fmt: skip
def test_neighbours_make_a_technique_likely_enough_and_the_alert_says_so(
    sure: float, rules: tuple[Rule, ...], source: str | None
) -> None:
    attack = anomaly(sure, *rules)
    assert attack.get("source") == source
    assert attack["threat"] == (source is not None)
    (candidate,) = attack["candidates"]
    assert (candidate["confidence"] > sure) == bool(rules)
    told = [f"{sure:.2f} by itself; other alerts around it show T1003.001, T1021"]
    assert candidate["because"] == (told if rules else [])
