"""Scheduled hunts: windows in order, marks that move last, failures that move nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from engine.errors import LeaseError, Problem, SinkError, SourceError, StateError
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import ListReader
from engine.ledger import MemoryLedger
from engine.ports import Alert, Written
from engine.run import MemoryState
from engine.tune.entries import Tuning
from mitre.catalog import Catalog
from tests.engine.hunt.helpers import T0, at, event, hunt, reader
from vedette import hunts
from vedette.hunting import HuntUnit, Work
from vedette.hunts import Hunter

KEYS: dict[str, Any] = {
    "type": "threshold", "group_by": "u", "at_least": 3, "within": "60s",
    "schedule": {"every": "10m"}, "delay": "1m", "lookback": "1h",
}  # fmt: skip


class Sink:
    """Takes each id once, and fails when it is told to."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.refuse = 0

    def prepare(self) -> None: ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        if self.refuse:
            self.refuse -= 1
            raise SinkError("no room")
        new = [alert for alert in alerts if alert.id not in self.alerts]
        self.alerts |= {alert.id: alert for alert in new}
        return Written(created=len(new), existing=len(alerts) - len(new))

    def close(self) -> None: ...


class State(MemoryState):
    """Writes down the marks that are committed; the first of a hunt does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[Any] = []

    def commit(self, name: str, checkpoint: Any, occurrences: Any) -> None:
        if self.load(name) is not None:
            self.commits.append(checkpoint["until"])
        super().commit(name, checkpoint, occurrences)


class Watched(ListReader):
    """Writes down what it is asked for, and fails when it is told to."""

    def __init__(self, inner: ListReader) -> None:
        super().__init__(inner.records)
        self.asked: list[Span] = []
        self.fail: Exception | None = None

    def events(self, span: Span, only: Any = None) -> Any:
        self.asked.append(span)
        if self.fail:
            raise self.fail
        return super().events(span, only)


class Setting:
    """A unit over events in memory, with a clock that is set by hand."""

    def __init__(self, wanted: Hunt, events: Sequence[dict[str, Any]] = ()) -> None:
        self.hunt = wanted
        self.now = T0
        self.sink, self.state = Sink(), State()
        self.problems: list[Problem] = []
        self.tuning: Tuning | None = None
        self.reader = Watched(reader(events))
        self.hunter = Hunter(
            self.sink, self.problems.append, lambda: self.now, Catalog.load(), "test"
        )

    def unit(self, **options: Any) -> HuntUnit:
        tuner = hunts.tuner_of(self.hunt, self.tuning, self.hunter.maker(), self.problems.append)
        work = Work.of(self.hunt, self.reader, tuner)
        return HuntUnit(work, self.hunter, self.state, **options)

    def run(self, unit: HuntUnit, minute: float) -> int:
        """How many windows were run."""
        self.now = T0 + timedelta(minutes=minute)
        before = len(self.state.commits)
        unit.run(lambda: False)
        return len(self.state.commits) - before

    @property
    def mark(self) -> str:
        saved = self.state.load(f"hunt:{self.hunt.rule.id}")
        assert saved is not None
        return str(saved["until"])


def burst(second: float) -> list[dict[str, Any]]:
    return [event(second + n, u="a") for n in range(3)]


def test_the_first_look_sets_the_mark_and_the_next_tick_runs_from_there() -> None:
    setting = Setting(hunt(**KEYS), burst(300))
    unit = setting.unit()
    assert setting.run(unit, 1.5) == 0
    assert setting.mark == "2026-01-01T00:00:30.000Z"
    assert unit.due() == T0 + timedelta(minutes=11)
    assert setting.run(unit, 10.9) == 0
    assert setting.run(unit, 11) == 1
    assert len(setting.sink.alerts) == 1
    assert setting.mark == "2026-01-01T00:10:00.000Z"
    assert unit.due() == T0 + timedelta(minutes=21)


def test_windows_after_a_downtime_run_in_order_and_none_is_left_out() -> None:
    setting = Setting(hunt(**KEYS), burst(700) + burst(4000) + burst(9000))
    setting.run(setting.unit(), 1)
    unit = setting.unit()  # another process
    assert setting.run(unit, 181) == 18
    ends = [span.end for span in setting.reader.asked]
    assert ends == [at(600 * n) for n in range(1, 19)]
    assert len(setting.sink.alerts) == 3
    assert not setting.problems


def test_windows_that_ended_too_long_ago_are_told_and_left_out() -> None:
    setting, ledger = Setting(hunt(**KEYS), burst(700)), MemoryLedger()
    setting.run(setting.unit(), 1)
    unit = setting.unit(catch_up=timedelta(minutes=30), ledger=ledger)
    assert setting.run(unit, 181) == 3
    (problem,), (note,) = setting.problems, ledger.notes()
    assert problem.kind == note.kind == "hunt-window-skipped"
    assert (note.start, note.end, note.count) == (
        T0, T0 + timedelta(minutes=150), 15
    )  # fmt: skip
    assert "15 windows from 2026-01-01T00:00:00.000Z to 2026-01-01T02:30:00.000Z" in str(problem)
    assert setting.mark == "2026-01-01T03:00:00.000Z"


@pytest.mark.parametrize("broken", ["source", "sink"])
def test_a_failed_run_moves_no_mark_and_is_run_again(broken: str) -> None:
    setting = Setting(hunt(**KEYS), burst(300))
    unit = setting.unit()
    setting.run(unit, 1)
    before = setting.mark
    if broken == "source":
        setting.reader.fail = SourceError("half an answer")
    else:
        setting.sink.refuse = 1
    with pytest.raises((SourceError, SinkError)):
        setting.run(unit, 11)
    assert setting.mark == before
    assert (unit.failures, unit.windows) == (1, 0)
    assert unit.error
    assert not setting.sink.alerts
    setting.reader.fail = None
    assert setting.run(unit, 11) == 1
    assert len(setting.sink.alerts) == 1
    assert not unit.error


def test_a_unit_is_called_by_its_title_and_says_how_far_it_is() -> None:
    setting = Setting(hunt(**KEYS))
    unit = setting.unit()
    assert (unit.title, unit.until) == (f"hunt {setting.hunt.rule.title}", None)
    setting.run(unit, 11)
    assert unit.until == T0 + timedelta(minutes=10)
    unit.drop()
    assert unit.until is None


def test_a_lease_that_is_lost_is_no_failure_of_the_hunt() -> None:
    setting = Setting(hunt(**KEYS))
    unit = setting.unit()
    setting.run(unit, 1)
    setting.reader.fail = LeaseError("owned", found=2)
    with pytest.raises(LeaseError):
        setting.run(unit, 11)
    assert (unit.failures, unit.error) == (0, "")


def test_the_windows_before_the_one_that_failed_stay_run() -> None:
    setting = Setting(hunt(**KEYS), burst(300))
    unit = setting.unit()
    setting.run(unit, 1)
    setting.sink.refuse = 1
    setting.reader.records = reader(burst(300) + burst(1000)).records
    with pytest.raises(SinkError):
        setting.run(unit, 31)
    assert setting.run(unit, 31) == 3
    assert len(setting.sink.alerts) == 2


def test_a_mark_is_claimed_under_the_token_and_looked_up_anew() -> None:
    setting, claimed = Setting(hunt(**KEYS)), []
    unit = setting.unit(claim=lambda names, token: claimed.append((list(names), token)))
    unit.take_up(7)
    assert claimed == [([f"hunt:{setting.hunt.rule.id}"], 7)]
    setting.run(unit, 1)
    setting.run(setting.unit(), 21)  # another instance went on
    unit.take_up(9)
    setting.reader.asked.clear()
    setting.run(unit, 31)
    assert [window.end for window in setting.reader.asked] == [at(1800)]


def test_a_crash_between_alerts_and_mark_stores_nothing_twice() -> None:
    setting = Setting(hunt(**KEYS), burst(300))
    setting.run(setting.unit(), 1)
    saved = setting.state.load(f"hunt:{setting.hunt.rule.id}")
    setting.run(setting.unit(), 11)
    assert len(setting.sink.alerts) == 1
    setting.state.commit(f"hunt:{setting.hunt.rule.id}", saved, {})  # as if it was not committed
    setting.run(setting.unit(), 11)
    assert len(setting.sink.alerts) == 1


def test_events_that_come_late_are_found_within_the_lookback() -> None:
    setting = Setting(hunt(**KEYS))
    unit = setting.unit()
    setting.run(unit, 1)
    setting.run(unit, 31)
    setting.reader.records = reader(burst(700)).records
    setting.run(unit, 41)
    assert len(setting.sink.alerts) == 1
    setting.run(unit, 51)
    assert len(setting.sink.alerts) == 1


def test_a_long_history_is_read_once_and_then_remembered() -> None:
    keys = {**KEYS, "type": "new_terms", "field": "p", "history": "7d", "lookback": "10m"}
    for name in ("group_by", "at_least", "within"):
        del keys[name]
    setting = Setting(hunt(**keys), [event(60, p="a"), event(700, p="b")])
    setting.run(setting.unit(), 1)
    setting.run(setting.unit(), 11)
    setting.run(setting.unit(), 21)
    setting.run(setting.unit(), 31)
    widths = [(span.end - span.start) // 60_000_000 for span in setting.reader.asked]
    assert max(widths[2:]) <= 20, "only window and look-back are read again"
    (alert,) = [a for a in setting.sink.alerts.values() if "p b" in a.document["event"]["reason"]]
    assert alert.document["vedette"]["alert"]["hunt"]["type"] == "new_terms"
    json.dumps(setting.state.load(f"hunt:{setting.hunt.rule.id}"))


def test_a_hunt_that_was_changed_forgets_what_it_remembered_but_not_its_mark() -> None:
    keys = {**KEYS, "type": "new_terms", "field": "p", "history": "7d"}
    for name in ("group_by", "at_least", "within"):
        del keys[name]
    setting = Setting(hunt(**keys), [event(60, p="a", q="x")])
    setting.run(setting.unit(), 1)
    setting.run(setting.unit(), 11)
    setting.hunt = hunt(**{**keys, "field": "q"})
    setting.run(setting.unit(), 21)
    assert setting.mark == "2026-01-01T00:20:00.000Z"
    saved = setting.state.load(f"hunt:{setting.hunt.rule.id}")
    assert saved is not None
    assert saved["content"] == setting.hunt.content


def test_a_mark_that_cannot_be_read_is_told_and_not_replaced() -> None:
    setting = Setting(hunt(**KEYS))
    setting.state.commit(f"hunt:{setting.hunt.rule.id}", {"version": 9}, {})
    with pytest.raises(StateError, match="the mark of hunt 'A hunt' cannot be read"):
        setting.run(setting.unit(), 1)
    assert setting.state.load(f"hunt:{setting.hunt.rule.id}") == {"version": 9}


def test_until_idle_nothing_is_due_once_all_that_was_over_has_been_run() -> None:
    setting = Setting(hunt(**KEYS))
    unit = setting.unit()
    unit.until_idle = True
    assert unit.due() is not None
    setting.run(unit, 1)
    assert unit.due() is None
    unit.drop()
    assert unit.due() == setting.now


def test_a_wish_to_end_is_heard_between_two_windows() -> None:
    setting = Setting(hunt(**KEYS))
    unit = setting.unit()
    setting.run(unit, 1)
    setting.now = T0 + timedelta(minutes=61)
    unit.run(lambda: len(setting.state.commits) == 2)
    assert setting.mark == "2026-01-01T00:20:00.000Z"
    assert setting.run(unit, 61) == 4
