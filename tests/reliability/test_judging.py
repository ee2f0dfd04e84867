"""A row is wrong when something is lost, twice, invented or not told of; doses are whole."""

from __future__ import annotations

import pytest

from connectors.search import AlertSink
from engine.ports import Alert, Written
from tests.live.fixtures import Cluster
from tests.reliability import stage
from tests.reliability.registry import Fault, found
from tests.reliability.row import HEADER, Row, heading
from tests.reliability.scene import Scene


def row(**changed: object) -> Row:
    whole = {"fault": "x", "server": "opensearch", "dose": "1 x", "events": 3, "expected": 1,
             "stored": 1, "twice": 0, "lost": 0, "invented": 0, "notes": {"late": 2}}  # fmt: skip
    return Row(**{**whole, **changed})  # type: ignore[arg-type]


def test_a_row_in_which_all_holds_is_ok() -> None:
    assert row().ok
    assert row().cells() == (
        "x",
        "opensearch",
        "1 x",
        "3",
        "1",
        "1",
        "0",
        "0",
        "2 late",
        "ok",
        "0.0",
    )
    assert len(row().cells()) == len(HEADER)
    assert len(heading()) == 2


@pytest.mark.parametrize(
    "changed", [{"lost": 1}, {"twice": 1}, {"invented": 1}, {"problems": ["a gap is open"]}]
)
def test_a_row_in_which_something_does_not_hold_fails(changed: dict[str, object]) -> None:
    assert not row(**changed).ok
    assert "FAIL" in row(**changed).cells()


def test_every_fault_says_what_it_is_and_has_doses_for_both_uses() -> None:
    for fault in found().values():
        assert fault.about.endswith(".")
        assert fault.unit
        assert fault.small
        assert max(fault.full) >= max(fault.small)
        assert not (fault.own and fault.quick)


@pytest.mark.live
def test_a_lost_alert_is_seen(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AlertSink.write

    def forgetful(self: AlertSink, alerts: list[Alert]) -> Written:
        return whole(self, alerts[1:])

    monkeypatch.setattr(AlertSink, "write", forgetful)
    judged = stage.play(watched(), cluster.kind, [cluster.url], 9)
    assert (judged.lost, judged.twice, judged.ok) == (1, 0, False)


@pytest.mark.live
def test_an_alert_under_two_ids_is_seen(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AlertSink.write

    def twice(self: AlertSink, alerts: list[Alert]) -> Written:
        again = [Alert(f"{one.id}-again", one.anchor_time, one.document) for one in alerts]
        whole(self, again)
        return whole(self, alerts)

    monkeypatch.setattr(AlertSink, "write", twice)
    judged = stage.play(watched(), cluster.kind, [cluster.url], 9)
    assert (judged.lost, judged.twice, judged.ok) == (0, 3, False)


def watched() -> Fault:
    """No fault at all: events are put, and read."""

    def play(scene: Scene, dose: int) -> None:
        scene.create(scene.index)
        scene.put(float(n) for n in range(dose))
        scene.launch().until_whole()

    return Fault("none", play, "events", (9,), (9,))
