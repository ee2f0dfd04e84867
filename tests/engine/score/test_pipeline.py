"""A pipeline with models: every event is seen, rules are heard, and state goes with checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.correlate.correlator import Correlator
from engine.detect import Detector
from engine.errors import SinkError
from engine.ports import Alert, Batch, Checkpoint, Record, Written
from engine.run import Bounds, MemoryState, Pipeline
from engine.score.keep import KEY
from tests.engine.correlate.stream import correlation
from tests.engine.helpers import fail_on_problem, loaded, rule
from tests.engine.score.parts import at, ensemble, maker, ordinary, own, record, strange

TEN = timedelta(minutes=10)
CLEARED = rule(
    "Log cleared", id="0b5cf5b2-3d3d-4f2c-9f39-1f0a6a2a0a01", level="high",
    logsource={"product": "windows", "service": "security"},
    detection={"s": {"EventID": 1102, "SubjectUserName": "eve"}, "condition": "s"},
)  # fmt: skip


class Lines:
    """Batches of one record, each with its checkpoint."""

    name = "lines"

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        start = (checkpoint or {"at": 0})["at"]
        for place in range(start, len(self.records)):
            yield Batch(self.records[place : place + 1], {"at": place + 1})

    def close(self) -> None: ...


class Sink:
    """Keeps alerts by id; refuses some of its writes when told to."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.refuse = 0

    def prepare(self) -> None: ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        if self.refuse:
            self.refuse -= 1
            raise SinkError("no")
        self.alerts |= {alert.id: alert for alert in alerts}
        return Written(len(alerts))

    def close(self) -> None: ...

    def kinds(self) -> list[str]:
        return sorted(own(alert)["kind"] for alert in self.alerts.values())


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(loaded(tmp_path_factory.mktemp("rules"), CLEARED).rules, fail_on_problem)


def pipeline(
    detector: Detector, sink: Sink, *, lateness: timedelta | None = None, **more: Any
) -> Pipeline:
    one, _ = ensemble(lateness=lateness)
    state = more.pop("state", None) or MemoryState()
    now = more.pop("now", at(400 * 60))
    return Pipeline(detector, maker(), sink, state, lambda: now, scorer=one, **more)


def test_events_that_no_rule_is_asked_about_are_scored_too(detector: Detector) -> None:
    sink = Sink()
    line = pipeline(detector, sink)
    line.drain(Lines([record(340 * 60 + step, 4999) for step in range(3)]))
    line.finish()
    assert sink.kinds() == ["anomaly"]


def test_rules_that_match_stand_in_the_anomaly_of_their_window(detector: Detector) -> None:
    sink = Sink()
    line = pipeline(detector, sink)
    line.drain(Lines([*ordinary(3, 330), *strange(340)]))
    line.finish()
    assert sink.kinds() == ["anomaly", "sigma", "sigma", "sigma"]
    (anomaly,) = [own(alert) for alert in sink.alerts.values() if own(alert)["kind"] == "anomaly"]
    assert [rule["id"] for rule in anomaly["corroborated_by"]] == [CLEARED["id"]]
    matched = {own(a)["ancestors"][0]["id"] for a in sink.alerts.values() if own(a) is not anomaly}
    assert matched >= {each["id"] for each in anomaly["ancestors"]}


def test_events_outside_the_bounds_are_not_scored(detector: Detector) -> None:
    sink = Sink()
    bounds = Bounds(at(341 * 60), at(342 * 60))
    line = pipeline(detector, sink, bounds=bounds)
    line.drain(Lines([*strange(340), *strange(341, "WS2"), *strange(342)]))
    line.finish()
    hosts = {own(alert).get("entity", {}).get("value") for alert in sink.alerts.values()}
    assert hosts == {None, "ws2"}


def test_state_goes_with_the_checkpoint_and_a_new_process_takes_it_up(detector: Detector) -> None:
    records = [*strange(340), *ordinary(1, 352)]
    whole, state = Sink(), MemoryState()
    pipeline(detector, whole, lateness=TEN, sources=["lines"]).drain(Lines(records))
    assert "anomaly" in whole.kinds()
    sink = Sink()
    for end in range(1, len(records) + 1):
        line = pipeline(detector, sink, lateness=TEN, sources=["lines"], state=state)
        line.drain(Lines(records[:end]))
        assert KEY in (state.load("lines") or {})
    assert sink.alerts.keys() == whole.alerts.keys()
    assert own_of(sink) == own_of(whole)


@pytest.mark.parametrize("lateness", [None, TEN])
def test_a_correlation_vouches_for_the_windows_of_its_events(
    tmp_path: Path, lateness: timedelta | None
) -> None:
    three = correlation(
        "Log cleared thrice", type="event_count", rules=[CLEARED["id"]],
        timespan="1m", condition={"gte": 3}, **{"group-by": ["Computer"]},
    )  # fmt: skip
    rules = loaded(tmp_path, CLEARED, three)
    sink = Sink()
    one, _ = ensemble(lateness=lateness, alerts_a_day=0.01)
    line = Pipeline(
        Detector(rules.rules, fail_on_problem), maker(), sink, MemoryState(), lambda: at(400 * 60),
        scorer=one, correlator=Correlator.of(rules, fail_on_problem, lateness=lateness),
        sources=["lines"],
    )  # fmt: skip
    line.drain(Lines([*strange(340), *ordinary(1, 352)]))
    line.finish()
    (anomaly,) = [a for a in sink.alerts.values() if own(a)["kind"] == "anomaly"]
    assert [each["name"] for each in own(anomaly)["corroborated_by"]] == ["Log cleared thrice"]


def own_of(sink: Sink) -> dict[str, Any]:
    return {id: own(alert) for id, alert in sink.alerts.items()}


def test_what_the_sink_refused_is_scored_again(detector: Detector) -> None:
    records = [*strange(340), *ordinary(1, 352)]
    sink, state = Sink(), MemoryState()
    line = pipeline(detector, sink, lateness=TEN, sources=["lines"], state=state)
    line.drain(Lines(records[:3]))
    sink.refuse = 1
    with pytest.raises(SinkError):
        line.drain(Lines(records))
    line.drain(Lines(records))
    assert "anomaly" in sink.kinds()


def test_without_lateness_no_checkpoint_carries_state(detector: Detector) -> None:
    state = MemoryState()
    pipeline(detector, Sink(), state=state).drain(Lines(strange(340)))
    assert KEY not in (state.load("lines") or {})
