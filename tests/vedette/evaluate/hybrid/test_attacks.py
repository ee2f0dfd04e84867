"""Recall of recordings at a budget, on findings whose answer is known."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.incident.rank import Weights
from tests.engine.incident.made import ACCESS, DISCOVERY, RUNNING, finding
from vedette.evaluate.hybrid.alerts import Claim, grouped, rules_alone
from vedette.evaluate.hybrid.attacks import GROUPED, PLAIN, RULES, Attacks, measured
from vedette.evaluate.hybrid.choose import GRID, leave_one_out
from vedette.evaluate.hybrid.credit import Found, allowed, bounds, found
from vedette.evaluate.hybrid.recordings import Hits, Recording, manifest
from vedette.evaluate.hybrid.show import show

DUMP = Recording("dump", ("T1003.001",))
LOOK = Recording("look", ("T1087.001", "T1069"))
QUIET = Recording("quiet", ())


def hits(events: int = 100_000) -> Hits:
    """Two recordings a day apart, each with a noisy rule and a telling one."""
    told = [("dump", 0, ACCESS), ("look", 24 * 60, DISCOVERY)]
    findings, where = [], {}
    for name, start, step in told:
        for at in range(6):
            each = finding(f"{name}{at}", start + at * 2, rule="noisy", steps=(RUNNING,), risk=99.0,
                           level="critical")  # fmt: skip
            findings.append(each)
        findings.append(finding(f"{name}x", start + 3, rule=f"{name}-rule", steps=(step,)))
    where = {each.id: each.id[:4] for each in findings}
    return Hits(events, (DUMP, LOOK, QUIET), tuple(findings), where)


def shares(result: Attacks, method: str, budget: int) -> dict[str, float]:
    return next(r.shares for r in result.rows if (r.method, r.budget) == (method, budget))


def test_hits_of_a_rule_within_ten_minutes_are_one_alert_and_the_gravest_come_first() -> None:
    alone = rules_alone(hits())
    assert [[claim.technique for claim in claims] for claims in alone] == [
        ["T1059.001"], ["T1059.001"], ["T1003.001"], ["T1087"]
    ]  # fmt: skip
    assert alone[0][0].recordings == {"dump"}


def test_an_incident_is_one_alert_and_is_credited_where_its_technique_was_seen() -> None:
    alerts = grouped(hits()).alerts()
    assert len(alerts) == 2
    first = {claims[0].technique: claims[0].recordings for claims in alerts}
    assert first == {"T1003.001": {"dump"}, "T1087": {"look"}}


def test_at_one_alert_grouping_finds_what_rules_alone_bury() -> None:
    result = measured(hits(), 3)
    assert shares(result, RULES, 1)["first"] == 0.0
    assert shares(result, GROUPED, 1)["first"] == 0.5
    assert shares(result, GROUPED, 5) == {
        "first": 0.5, "top": 0.5, "parent": 1.0, "family": 1.0, "tactic": 1.0
    }  # fmt: skip
    assert shares(result, PLAIN, 5)["top"] == 0.5
    assert "of 2 recordings with hits 2 have a third as many or less" in result.notes[1]


def test_a_technique_seen_in_another_recording_counts_for_that_one_alone() -> None:
    claim = Claim("T1003.001", ("TA0006",), frozenset({"look"}))
    assert found([(claim,)], [DUMP], 1).first.tolist() == [0.0]


@pytest.mark.parametrize(
    ("claimed", "wanted", "parent", "family"),
    [
        ("T1003.001", "T1003.001", 1, 1), ("T1003", "T1003.001", 1, 1),
        ("T1003.002", "T1003.001", 0, 1), ("T1003.001", "T1003", 1, 1),
        ("T1685.001", "T1562.002", 1, 1), ("T1059", "T1003.001", 0, 0),
    ],
)  # fmt: skip
def test_parts_of_one_technique_are_a_family_whichever_version_they_are_written_in(
    claimed: str, wanted: str, parent: int, family: int
) -> None:
    claim = Claim(claimed, (), frozenset({"r"}))
    result = found([(claim,)], [Recording("r", (wanted,))], 1)
    assert (result.parent.tolist(), result.family.tolist()) == ([parent], [family])


def test_a_budget_counts_alerts_by_events() -> None:
    assert [allowed(budget, 438_857) for budget in (1, 5, 20)] == [4, 21, 87]


def test_weights_are_chosen_by_the_recordings_of_other_techniques_alone() -> None:
    """Each weight finds one recording only: a choice by its own label would always find it."""
    recordings = [Recording(f"r{at}", (f"T100{at}",)) for at in range(len(GRID[:4]))]

    def measure(weights: Weights) -> dict[int, Found]:
        hit = np.zeros(4)
        if (at := GRID.index(weights)) < 4:
            hit[at] = 1
        return dict.fromkeys((1, 5, 20), Found(hit, hit, hit, hit, hit))

    chosen = leave_one_out(recordings, measure)
    assert chosen.found[5].first.sum() == 0


def test_bounds_hold_the_mean_and_are_wider_for_fewer() -> None:
    few, many = np.array([1.0, 0.0] * 5), np.array([1.0, 0.0] * 200)
    assert bounds(few)[0] < bounds(many)[0] < 0.5 < bounds(many)[1] < bounds(few)[1]


def test_the_table_names_every_method_and_budget() -> None:
    out = io.StringIO()
    show(measured(hits(), 3), out)
    lines = out.getvalue().splitlines()
    assert sum(line.startswith("rules alone") for line in lines) == 6
    assert "no ranking by tags finds more" in out.getvalue()


@pytest.mark.parametrize("text", ["{", "[{}]", "[7]", '{"a": 1}'])
def test_a_list_of_recordings_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "otrf").mkdir()
    (tmp_path / "otrf" / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="is not the list of recordings"):
        manifest(tmp_path)


def test_a_placeholder_is_no_label(tmp_path: Path) -> None:
    (tmp_path / "otrf").mkdir()
    stated = [
        {"file": "a.zst", "techniques": ["T0000"]},
        {"file": "b.zst", "techniques": ["t1003"]},
    ]
    (tmp_path / "otrf" / "manifest.json").write_text(json.dumps(stated))
    assert [r.labelled for r in manifest(tmp_path)] == [False, True]
