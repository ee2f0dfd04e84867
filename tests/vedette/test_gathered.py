"""What is kept of events that a model learns from: little, and the same once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from engine.normalise import normalise
from engine.ports import Record
from engine.score.observe import observation
from models.bundle.bundle import Bundle
from models.bundle.plan import Plan
from models.feature.levels import LEVELS
from models.feature.signal import ABSENT
from models.graph.edge import Edge
from vedette.bundles import Gathered

START = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)


def gathered(documents: Iterable[dict[str, object]]) -> Gathered:
    made = Gathered()
    made.add(normalise(Record(each, "x"), None) for each in documents)
    return made


def logon(at: int, **more: object) -> dict[str, object]:
    time = START + timedelta(minutes=at)
    return {"Channel": "Security", "EventID": 4624 + at % 3, "Computer": "WS01",
            "@timestamp": time.isoformat(), **more}  # fmt: skip


def test_events_of_one_kind_keep_what_they_say_once() -> None:
    kept = gathered(logon(at) for at in range(30)).observations
    assert len({id(each.fields) for each in kept}) == 3
    assert len({id(each.entity) for each in kept}) == 1


def test_a_message_is_kept_where_nothing_else_says_what_happened() -> None:
    known, plain = logon(1, message="An account was logged on"), dict(logon(2), message="Boo")
    del plain["Channel"]
    first, second = gathered([known, plain]).observations
    assert "message" not in first.fields
    assert second.fields["message"] == "Boo"


def test_what_is_not_kept_still_counts_in_the_hash_of_the_data() -> None:
    one, other = (gathered([logon(1, message=text)]).sha256() for text in ("a", "b"))
    assert one != other


def test_a_model_learns_the_same_from_what_is_kept() -> None:
    documents = [logon(at, message=f"text {at}") for at in range(0, 900, 5)]
    whole = [observation(normalise(Record(each, "x"), None)) for each in documents]
    plan = Plan({"new-value": {}, "markov": {}})
    first = Bundle.fit([each for each in whole if each is not None], plan)
    second = Bundle.fit(gathered(documents).observations, plan)
    assert first.templates.texts() == second.templates.texts()
    assert (first.normal == second.normal).all()


def test_edges_are_kept_where_they_are_asked_for_and_equal_ones_once() -> None:
    made = Gathered(with_edges=True)
    documents = [logon(at, TargetUserName=f"amy{at % 2}") for at in range(8)]
    made.add(normalise(Record(each, "x"), None) for each in documents)
    assert made.observations[0].edges == (Edge("user-host", "amy0", "ws01"),)
    assert len({id(each.edges) for each in made.observations}) == 2
    assert {each.edges for each in gathered(documents).observations} == {()}
    assert made.sha256() != gathered(documents).sha256()


def test_signals_are_kept_where_they_are_asked_for_and_equal_ones_once() -> None:
    documents = [logon(at, Level=4 - at % 2, bytes=at % 2) for at in range(8)]
    made = Gathered(signals=("level", "counter:bytes"))
    made.add(normalise(Record(each, "x"), None) for each in documents)
    levels = [LEVELS[int(each.signals[0])] for each in made.observations]
    assert levels == ["info", "warning"] * 4
    assert len({id(each.signals) for each in made.observations}) == 2
    assert made.sha256() != gathered(documents).sha256()
    made.observe(gathered(documents).observations)
    assert {each.signals for each in made.observations[8:]} == {(ABSENT, ABSENT)}
