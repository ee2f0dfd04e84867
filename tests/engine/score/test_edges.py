"""Edges of events: who did something with what, in a hunt as in training."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from engine.normalise import normalise
from engine.ports import Record
from engine.score.edges import edges
from engine.score.limits import EDGES, Limits
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.windows import Windows
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.graph.edge import Edge
from models.prepare.privacy import Privacy
from tests.engine.score.parts import NOW, ensemble, ordinary, own, record, see, told

GRAPHS = Plan(detectors={"new-value": {}, "rare-edge": {}, "graph-structure": {}}, width=60)


def of(document: dict[str, Any], privacy: Privacy | None = None) -> set[Edge]:
    return set(edges(normalise(Record(document, "o")), privacy))


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"Channel": "Security", "EventID": 4624, "Computer": "WS1", "TargetUserName": "Amy",
          "IpAddress": "10.0.0.7"},
         {Edge("user-host", "amy", "ws1"), Edge("host-client", "ws1", "10.0.0.7")}),
        ({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "WS1",
          "Image": r"C:\Windows\CMD.exe", "ParentImage": r"C:\Office\winword.exe",
          "User": r"CORP\amy"},
         {Edge("user-host", "amy", "ws1"), Edge("program-start", "winword.exe", "cmd.exe"),
          Edge("user-program", "amy", "cmd.exe")}),
        ({"host": {"name": "db1"}, "destination": {"ip": "192.0.2.9"}, "ecs": {"version": "8"}},
         {Edge("host-server", "db1", "192.0.2.9")}),
        ({"host": {"name": "db1"}}, set()),
    ],
)  # fmt: skip
def test_an_event_says_who_did_something_with_what(
    document: dict[str, Any], found: set[Edge]
) -> None:
    assert of(document) == found


def test_what_is_hidden_is_in_no_edge() -> None:
    made = {"host": {"name": "db1"}, "user": {"name": "amy"}, "ecs": {"version": "8"}}
    hiding = Privacy(mask=["user.name", "User"])
    assert of(made) == {Edge("user-host", "amy", "db1")}
    assert of(made, hiding) == {Edge("user-host", "[masked]", "db1")}


def users(minutes: int, who: str = "amy") -> list[Record]:
    """Ordinary minutes of somebody."""
    found = []
    for each in ordinary(minutes):
        document = {**each.document, "TargetUserName": who, "SubjectUserName": who}
        found.append(replace(each, document=document))
    return found


def seen(records: list[Record]) -> list[Observation]:
    found = []
    for each in records:
        event = normalise(each)
        made = observation(event)
        assert made is not None
        found.append(replace(made, edges=edges(event)))
    return found


@cache
def graphs() -> Model:
    return Model("graphs", "fedcba9876543210" * 4, Bundle.fit(seen(users(200)), GRAPHS), {})


def test_a_finding_of_a_hunt_names_the_edge_that_never_came_before() -> None:
    one, problems = ensemble(models=(graphs(),), alerts_a_day=5.0)
    eve = [record(500 * 60 + step, 4624, TargetUserName="eve") for step in range(3)]
    (alert,) = [each for each in told(one, users(60) + eve) if own(each)["kind"] == "anomaly"]
    texts = [each["text"] for each in own(alert)["explanation"]]
    assert "user-host: eve → ws1 of a source that training never had" in texts
    assert not problems.counts


def test_a_window_scores_in_a_hunt_what_it_scores_in_the_bundle() -> None:
    records = [*users(20), *users(3, "eve")]
    one, _ = ensemble(models=(graphs(),), alerts_a_day=5.0)
    for each in records:
        see(one, each, NOW)
    (track,) = one.tracks
    kept: list[Any] = []
    track.watch.add = kept.append  # type: ignore[method-assign]
    one.finish(NOW)
    expected = {each.window.start: each for each in graphs().bundle.score(seen(records))}
    assert {each.window.start: each.by for each in kept} == {
        start: pytest.approx(each.by) for start, each in expected.items()
    }


def test_edges_are_bounded_and_that_is_said() -> None:
    heard: list[str] = []
    windows = Windows(60, Limits(), lambda kind, text: heard.append(f"{kind}: {text}"))
    window = windows.take("h", 0.0)
    assert window is not None
    for number in range(EDGES + 1):
        windows.link(window, [Edge("user-host", "amy", f"h{number}")] * 2)
    assert len(window.graph()) == 2 * EDGES
    assert heard == [f"models-capped: windows have more than {EDGES:,} different edges; others "
                     "are left out"]  # fmt: skip
