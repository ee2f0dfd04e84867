"""Alerts that were stored are put into the incidents of a store, each once, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.errors import Problem, SinkError, StateError, VedetteError
from engine.incident.group import incident_id
from engine.incident.keep import FAILED, TRIES, Gathered, Keeper
from engine.incident.rank import Rarity, standing
from engine.incident.record import document_of, incident_of
from engine.ports import Alert, Document, Written
from tests.engine.incident.made import START, document
from tests.engine.incident.memory import MemoryIncidents


class Stored:
    """A sink that takes all but the dead."""

    def __init__(self, dead: Sequence[str] = ()) -> None:
        self.dead, self.seen = list(dead), set[str]()

    def prepare(self) -> None:
        pass

    def write(self, alerts: Sequence[Alert]) -> Written:
        written = Written(dead_ids=self.dead)
        for alert in alerts:
            written.existing += alert.id in self.seen
            self.seen.add(alert.id)
        return written

    def close(self) -> None:
        pass


def gathered(
    store: MemoryIncidents, problems: list[Problem] | None = None, dead: Sequence[str] = ()
) -> Gathered:
    report: Callable[[Problem], None] = problems.append if problems is not None else fail
    return Gathered(Stored(dead), Keeper(store, "default", lambda: START), report)


def fail(problem: Problem) -> None:
    raise AssertionError(problem)


def alerts(*told: dict[str, Any]) -> list[Alert]:
    return [Alert(each["vedette"]["alert"]["id"], START, each) for each in told]


def seen(store: MemoryIncidents) -> list[set[str]]:
    return sorted(
        (set(d["seen"]) for d in store.all() if d["status"] == "open"), key=lambda s: sorted(s)
    )


def test_alerts_of_several_batches_become_one_incident() -> None:
    store = MemoryIncidents()
    for at in range(3):
        gathered(store).write(alerts(document(str(at), at * 20)))
    assert seen(store) == [{"0", "1", "2"}]
    (kept,) = store.held.values()
    assert kept.document["title"] == "LSASS Memory on ws02"
    assert kept.document["about"] == {"host": ["ws02"]}
    assert kept.document["id"] == incident_id("default", "0")


def test_a_record_read_back_is_the_incident() -> None:
    store = MemoryIncidents()
    gathered(store).write(alerts(document("a", user="k", address="10.0.0.7"), document("b", 3)))
    (kept,) = store.held.values()
    incident = incident_of(kept.document)
    place = standing(incident, Rarity.of([incident]))
    again = document_of(incident, place, "default", START)
    assert again == kept.document


def test_a_batch_that_comes_again_after_a_crash_changes_nothing() -> None:
    store, batch = MemoryIncidents(), alerts(document("a"), document("b", 5))
    gathered(store).write(batch)
    before = dict(store.held)
    gathered(store).write(batch)
    assert store.held == before


def test_a_dead_letter_is_in_no_incident() -> None:
    store = MemoryIncidents()
    gathered(store, dead=["b"]).write(alerts(document("a"), document("b", 5)))
    assert seen(store) == [{"a"}]


def test_an_alert_that_ties_two_incidents_makes_them_one_on_record() -> None:
    store = MemoryIncidents()
    sink = gathered(store)
    sink.write(alerts(document("a", user="k"), document("b", 2, host="DC01")))
    assert seen(store) == [{"a"}, {"b"}]
    sink.write(alerts(document("c", 4, host="DC01", user="k")))
    assert seen(store) == [{"a", "b", "c"}]
    gone = store.held[incident_id("default", "b")].document
    assert (gone["status"], gone["merged_into"]) == ("merged", incident_id("default", "a"))


def test_a_crash_between_the_two_writes_of_a_merge_loses_no_alert() -> None:
    store = MemoryIncidents()
    gathered(store).write(alerts(document("a", user="k"), document("b", 2, host="DC01")))
    both = alerts(document("c", 4, host="DC01", user="k"))

    def crash(told: Document) -> None:
        if told["status"] == "open":
            raise KeyboardInterrupt

    store.before = crash
    with pytest.raises(KeyboardInterrupt):
        gathered(store).write(both)
    store.before = lambda _: None
    gathered(store).write(both)
    assert seen(store) == [{"a", "b", "c"}]
    assert store.held[incident_id("default", "a")].document["findings"] == 3


def test_two_instances_that_write_to_one_incident_lose_nothing() -> None:
    store = MemoryIncidents()
    gathered(store).write(alerts(document("a")))
    other = gathered(store)
    waiting = [alerts(document("b", 1))]

    def interfere(_: Document) -> None:
        if waiting:
            other.write(waiting.pop())

    store.before = interfere
    gathered(store).write(alerts(document("c", 2)))
    assert seen(store) == [{"a", "b", "c"}]


def test_an_incident_that_grew_while_it_was_merged_away_takes_what_came_with_it() -> None:
    store = MemoryIncidents()
    gathered(store).write(alerts(document("a", user="k"), document("b", 2, host="DC01")))
    other = gathered(store)
    waiting = [alerts(document("late", 3, host="DC01"))]

    def interfere(told: Document) -> None:
        if waiting and told["status"] == "merged":
            other.write(waiting.pop())

    store.before = interfere
    gathered(store).write(alerts(document("c", 4, host="DC01", user="k")))
    assert seen(store) == [{"a", "b", "c", "late"}]
    assert store.held[incident_id("default", "a")].document["findings"] == 4


def test_an_incident_that_never_rests_is_a_problem_and_alerts_go_on() -> None:
    store, problems = MemoryIncidents(), list[Problem]()
    store.put = lambda changes: [str(c.document["id"]) for c in changes]  # type: ignore[method-assign]
    sink = gathered(store, problems)
    sink.write(alerts(document("a")))
    assert [problem.kind for problem in problems] == [FAILED]
    assert f"{TRIES} times" in str(problems[0])


def test_what_a_store_that_fails_did_not_take_is_grouped_with_the_next_batch() -> None:
    store, problems = MemoryIncidents(), list[Problem]()

    def away(_: Document) -> None:
        raise SinkError("the store is away")

    sink = gathered(store, problems)
    store.before = away
    assert sink.write(alerts(document("a"))).existing == 0
    store.before = lambda _: None
    sink.write(alerts(document("b", 1)))
    assert seen(store) == [{"a", "b"}]
    assert "1 alerts wait to be grouped: the store is away" in str(problems[0])


def test_an_alert_about_nobody_that_comes_again_changes_nothing() -> None:
    store = MemoryIncidents()
    for _ in range(2):
        gathered(store).write(alerts(document("a", host="")))
    assert seen(store) == [{"a"}]


def test_a_batch_without_alerts_asks_the_store_for_nothing() -> None:
    store = MemoryIncidents()
    store.find = None  # type: ignore[assignment, method-assign]
    gathered(store).write([])


@pytest.mark.parametrize("change", [{"version": 7}, {"parts": None}, {"start": "x"}, {"seen": 4}])
def test_a_record_that_is_none_is_an_error_of_ours(change: dict[str, Any]) -> None:
    store = MemoryIncidents()
    gathered(store).write(alerts(document("a")))
    (kept,) = store.held.values()
    with pytest.raises(StateError):
        incident_of({**kept.document, **change})
    assert issubclass(StateError, VedetteError)


def test_rarity_counts_an_incident_that_grew_once() -> None:
    store, rarity = MemoryIncidents(), Rarity()
    sink = gathered(store)
    for at in range(2):
        sink.write(alerts(document(str(at), at)))
        (kept,) = store.held.values()
        rarity.renew(incident_of(kept.document))
    assert (rarity.incidents, rarity.techniques["T1003.001"]) == (1, 1)
