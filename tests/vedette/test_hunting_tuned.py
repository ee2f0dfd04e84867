"""Tuning of what hunts find: as of rules, and once, however often a look-back finds it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import SinkError
from engine.hunt.model import Hunt
from engine.hunt.tuned import MOST
from engine.library import Library
from engine.ports import Action, Alert
from engine.tune.action import projected
from engine.tune.shelf import Shelf
from tests.engine.helpers import rule, write_rules
from tests.engine.hunt.helpers import ID, event, hunt
from tests.vedette.test_hunting import KEYS, Setting, burst
from vedette.hunting import HuntUnit
from vedette.roll import rules_of

EXCEPTION: dict[str, Any] = {
    "title": "Known",
    "logsource": {"category": "hunt"},
    "filter": {"rules": ["A hunt"], "known": {"u": "a"}, "condition": "not known"},
    "vedette": {"exception": {"owner": "x"}},
}


ANY = {"logsource.product": "any"}


class Stream:
    """The actions stream."""

    def __init__(self) -> None:
        self.told: list[Action] = []

    def record(self, actions: Sequence[Action]) -> None:
        self.told += actions

    def held(self) -> list[tuple[str, str, int]]:
        """What was held back in all: its kind, by what, and how many."""
        found = projected([each.document for each in self.told])
        return sorted((each["kind"], each["by"], each["count"]) for each in found)


class Tuned(Setting):
    """A setting whose hunt has tuning: of a folder of rules, and of a tuning file."""

    def __init__(
        self,
        folder: Path,
        wanted: Hunt,
        events: Sequence[dict[str, Any]],
        *documents: Any,
        **tuning: Any,
    ) -> None:
        super().__init__(wanted, events)
        write_rules(folder, rule("One"), *documents)
        file = folder / "tuning.txt"
        file.write_text(yaml.safe_dump(tuning), encoding="utf-8")
        library = Library([folder], shelf=Shelf([file] if tuning else []))
        library.besides = rules_of([wanted])
        loaded = library.load()
        assert not loaded.refused
        assert not loaded.warnings
        self.tuning = library.tuning
        self.stream = Stream()

    def unit(self, **options: Any) -> HuntUnit:
        return super().unit(actions=self.stream, **options)  # type: ignore[arg-type]

    @property
    def found(self) -> list[Alert]:
        return sorted(self.sink.alerts.values(), key=lambda alert: str(alert.anchor_time))

    def minutes(self, *minutes: float) -> None:
        """Run at these minutes, each time in another process."""
        for minute in minutes:
            self.run(self.unit(), minute)


def many(*seconds: float, **fields: Any) -> list[dict[str, Any]]:
    """A burst of each user at these times."""
    return [event(at + n, **fields) for at in seconds for n in range(3)]


def test_an_exception_holds_back_what_a_hunt_finds_and_is_counted_once(tmp_path: Path) -> None:
    events = [*burst(300), *many(400, u="b")]
    setting = Tuned(tmp_path, hunt(**KEYS), events, EXCEPTION)
    setting.minutes(1, 11, 21, 31)  # the look-back finds both again and again
    assert [alert.document["vedette"]["alert"]["hunt"]["group"][0]["value"]
            for alert in setting.found] == ["b"]  # fmt: skip
    assert setting.stream.held() == [("excepted", "Known", 1)]


def test_without_a_log_source_a_hunt_must_be_named_by_an_exception(tmp_path: Path) -> None:
    nobody = {**EXCEPTION, "filter": {**EXCEPTION["filter"], "rules": "any"}}
    nobody["logsource"] = {"product": "any"}
    setting = Tuned(tmp_path, hunt(**KEYS), burst(300), nobody)
    setting.minutes(1, 11)
    assert len(setting.found) == 1


def test_an_exception_sees_the_fields_of_an_event_that_stands_alone(tmp_path: Path) -> None:
    keys = {"type": "query", "detection": {"s": {"p": "x"}, "condition": "s"},
            "logsource": {"product": "any"}, "schedule": {"every": "10m"}}  # fmt: skip
    events = [event(300, p="x", u="a", **ANY), event(310, p="x", u="b", **ANY)]
    setting = Tuned(tmp_path, hunt(**keys), events, {**EXCEPTION, "logsource": {"product": "any"}})
    setting.minutes(1, 11)
    (alert,) = setting.found
    assert alert.document["vedette"]["alert"]["source_events"][0]["u"] == "b"


def test_many_events_are_not_excepted_for_one_of_them(tmp_path: Path) -> None:
    """The last event of a burst says nothing of the others."""
    events = [event(300 + n, u="x", v="harmless" if n == 2 else "evil") for n in range(3)]
    other = {**EXCEPTION, "filter": {"rules": ["A hunt"], "k": {"v": "harmless"},
                                     "condition": "not k"}}  # fmt: skip
    setting = Tuned(tmp_path, hunt(**KEYS), events, other)
    setting.minutes(1, 11)
    assert len(setting.found) == 1


def test_what_is_suppressed_stays_so_when_it_is_found_again(tmp_path: Path) -> None:
    suppress = [{"name": "one an hour", "by": ["u"], "for": "1h"}]
    events = [*many(300, 900, 1500, u="a"), *many(1000, u="b")]
    setting = Tuned(tmp_path, hunt(**KEYS), events, suppress=suppress)
    setting.minutes(1, 11, 21, 31, 41)
    assert len(setting.found) == 2
    assert setting.stream.held() == [("suppressed", "one an hour", 2)]


def test_an_override_changes_what_a_hunt_says(tmp_path: Path) -> None:
    override = [{"name": "worse", "rules": [ID], "level": "critical",
                 "when": {"s": {"u": "a"}, "condition": "s"}}]  # fmt: skip
    setting = Tuned(tmp_path, hunt(**KEYS), [*burst(300), *many(400, u="b")], override=override)
    setting.minutes(1, 11)
    levels = [alert.document["vedette"]["alert"]["level"] for alert in setting.found]
    assert levels == ["critical", "medium"]
    tuned = setting.found[0].document["vedette"]["alert"]["tuning"]
    assert (tuned["original_level"], tuned["overrides"]) == ("medium", ["worse"])


def test_a_cap_counts_each_alert_once_and_tells_the_total_when_nothing_more_can_come(
    tmp_path: Path,
) -> None:
    events = [each for n in range(5) for each in many(300 + 10 * n, u=f"u{n}")]
    setting = Tuned(tmp_path, hunt(**KEYS), events, caps=[{"name": "two", "most": 2, "per": "1h"}])
    setting.minutes(1, *range(11, 121, 10))
    kinds = [alert.document["vedette"]["alert"]["kind"] for alert in setting.found]
    assert kinds.count("hunt") == 2
    assert kinds.count("capped") == 0, "the look-back reaches into the hour until 02:00"
    setting.minutes(121)
    (capped,) = [a for a in setting.found if a.document["vedette"]["alert"]["kind"] == "capped"]
    assert capped.document["vedette"]["alert"]["capped"]["total"] == 5
    assert setting.stream.held() == [("capped", "two", 3)]


def test_a_failed_write_leaves_the_decisions_as_they_were(tmp_path: Path) -> None:
    suppress = [{"name": "one", "by": ["u"], "for": "1h"}]
    setting = Tuned(tmp_path, hunt(**KEYS), many(300, 420, u="a"), suppress=suppress)
    unit = setting.unit()
    setting.run(unit, 1)
    setting.sink.refuse = 1
    with pytest.raises(SinkError):
        setting.run(unit, 11)
    assert setting.stream.told == []
    setting.run(unit, 11)
    assert len(setting.found) == 1
    assert setting.stream.held() == [("suppressed", "one", 1)]


def test_the_limit_of_a_run_counts_what_is_left_after_the_tuning(tmp_path: Path) -> None:
    keys = {**KEYS, "alert": {"max": 2}}
    events = [*burst(300), *many(310, u="b"), *many(320, u="c")]
    setting = Tuned(tmp_path, hunt(**keys), events, EXCEPTION)
    setting.minutes(1, 11)
    kept = [alert.document["vedette"]["alert"] for alert in setting.found]
    assert [each.get("capped") for each in kept] == [None, None]


def test_a_finding_that_is_cut_stands_for_no_other(tmp_path: Path) -> None:
    keys = {**KEYS, "alert": {"max": 1}}
    suppress = [{"name": "one", "by": ["u"], "for": "1h"}]
    events = [*many(300, u="a"), *many(310, u="b")]
    setting = Tuned(tmp_path, hunt(**keys), events, suppress=suppress)
    setting.minutes(1, 11)
    assert setting.stream.held() == []
    saved = setting.state.load(f"hunt:{ID}")
    assert saved is not None
    assert len(saved["vedette.tuning"]["decided"]) == 1


def test_a_match_that_is_excepted_feeds_no_correlation_of_a_hunt(tmp_path: Path) -> None:
    rules, hunts = tmp_path / "rules", tmp_path / "hunts"
    rules.mkdir()
    hunts.mkdir()
    one = {**rule("One of a hunt"), "name": "one", "id": "0d4a1c55-8f0f-4d52-8f0e-6a8a2a0a5d02",
           "detection": {"s": {"p": "x"}, "condition": "s"},
           "logsource": {"product": "any"}}  # fmt: skip
    several = {"title": "Several", "id": "6e1d2c9f-6a1b-4f43-9d3e-9b7d5a1b0c11",
               "correlation": {"type": "event_count", "rules": ["one"], "group-by": ["u"],
                               "timespan": "5m", "condition": {"gte": 2}}}  # fmt: skip
    write_rules(hunts, one, several, name="rules.yml")
    wanted = hunt(f"{hunts}/", type="sigma", rules="rules.yml", schedule={"every": "10m"})
    events = [event(300 + n, p="x", u=u, **ANY) for n in range(2) for u in "ab"]
    known = {**EXCEPTION, "logsource": {"product": "any"}}
    known["filter"] = {**EXCEPTION["filter"], "rules": ["One of a hunt"]}
    setting = Tuned(rules, wanted, events, known)
    setting.minutes(1, 11, 21)
    groups = [alert.document["vedette"]["alert"]["correlation"]["group"][0]["value"]
              for alert in setting.found]  # fmt: skip
    assert groups == ["b"]
    assert setting.stream.held() == [("excepted", "Known", 2)]


def test_decisions_are_forgotten_once_nothing_can_be_found_again(tmp_path: Path) -> None:
    suppress = [{"name": "one", "by": ["u"], "for": "1s"}]
    setting = Tuned(tmp_path, hunt(**KEYS), burst(300), suppress=suppress)
    setting.minutes(1, 11)

    def decided() -> int:
        saved = setting.state.load(f"hunt:{ID}")
        assert saved is not None
        return len(saved["vedette.tuning"]["decided"])

    assert decided() == 1
    setting.minutes(61)
    assert decided() == 1
    setting.minutes(71)
    assert decided() == 0


def test_no_more_decisions_are_remembered_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST >= 6 * 1000, "an hour's alerts of a hunt that runs every ten minutes"
    monkeypatch.setattr("engine.hunt.tuned.MOST", 2)
    events = [each for n in range(4) for each in many(300 + 10 * n, u=f"u{n}")]
    setting = Tuned(tmp_path, hunt(**KEYS), events, suppress=[{"by": ["u"], "for": "1s"}])
    setting.minutes(1, 11)
    assert [problem.kind for problem in setting.problems] == ["tuning-capped"]
    saved = setting.state.load(f"hunt:{ID}")
    assert saved is not None
    assert len(saved["vedette.tuning"]["decided"]) == 2


def test_a_hunt_of_a_detection_says_its_own_level_and_tags() -> None:
    keys = {"type": "sigma", "level": "high", "tags": ["attack.t1003"],
            "logsource": {"product": "any"}, "schedule": {"every": "10m"},
            "detection": {"s": {"u": "a"}, "condition": "s"}}  # fmt: skip
    setting = Setting(hunt(**keys), [event(300, u="a", **ANY)])
    unit = setting.unit()
    setting.run(unit, 1)
    setting.run(unit, 11)
    (alert,) = setting.sink.alerts.values()
    assert alert.document["vedette"]["alert"]["level"] == "high"
    assert "attack.t1003" in alert.document["vedette"]["alert"]["tags"]
    assert alert.document["threat"]
