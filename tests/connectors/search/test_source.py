"""A search source when the cluster does not answer as it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search import SearchSource
from connectors.search.pace import AIM, FIRST
from engine.errors import Problems, SettingsError, SourceError
from tests.connectors.search.double import HOST, FakeClient, Patient, refusal

NOW = 100_000_000


def at(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


@pytest.fixture
def client() -> FakeClient:
    made = FakeClient()
    for n in range(10):
        made.put("logs-a", str(n), 1000 * n)
    return made


def source(client: FakeClient, patient: Patient | None = None, **options: Any) -> SearchSource:
    options.setdefault("clock", lambda: at(NOW))
    retry = (patient or Patient()).retry
    return SearchSource(client, "events", "logs-*", retry=retry, **options)


def ids(batches: Any) -> list[str]:
    return [record.id.rsplit("/")[-1] for batch in batches for record in batch.records]


def partial(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "_shards": {"total": 3, "failed": 1}}


def timed_out(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "timed_out": True}


def ended_early(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "terminated_early": True}


@pytest.mark.parametrize("harm", [partial, timed_out, ended_early])
def test_an_answer_that_is_not_whole_moves_nothing(client: FakeClient, harm: Any) -> None:
    client.script |= {"search": [None, None, harm], "histogram": []}
    poll = source(client, page_size=3).poll(None)
    first = next(poll)
    with pytest.raises(SourceError, match=f"'events'|{HOST}.*not whole"):
        list(poll)
    rest = list(source(client, page_size=3).poll(first.checkpoint))
    assert ids([first, *rest]) == [str(n) for n in range(10)]
    assert client.open == {}


def test_a_refused_search_names_source_host_and_reason(client: FakeClient) -> None:
    client.script["search"] = [refusal(404, "search_context_missing_exception", "No context")]
    message = "source 'events' cannot read 'logs-\\*': " + HOST
    with pytest.raises(SourceError, match=message + ": 404 search_context_missing.*No context"):
        list(source(client).poll(None))
    assert client.open == {}


def test_an_abandoned_poll_closes_its_point_in_time(client: FakeClient) -> None:
    poll = source(client, page_size=2).poll(None)
    next(poll)
    assert len(client.open) == 1
    poll.close()  # type: ignore[attr-defined]
    assert client.open == {}


def test_a_point_in_time_that_cannot_be_closed_costs_no_event(client: FakeClient) -> None:
    client.script["close_pit"] = [refusal(500)]
    assert len(ids(source(client).poll(None))) == 10


def test_each_poll_opens_its_own_point_in_time(client: FakeClient) -> None:
    reader = source(client)
    (batch,) = reader.poll(None)
    list(reader.poll(batch.checkpoint))
    assert client.opened == 2


def test_a_busy_cluster_is_waited_for_and_asked_for_less(client: FakeClient) -> None:
    patient = Patient()
    client.script |= {
        "search": [
            refusal(429, "circuit_breaking_exception"),
            refusal(413),
            refusal(0, "ConnectionTimeout"),
        ],
        "histogram": [],
    }
    found = list(source(client, patient, page_size=8).poll(None))
    assert ids(found) == [str(n) for n in range(10)]
    sizes = [body["size"] for body in client.bodies if "aggs" not in body]
    assert sizes[:5] == [8, 4, 2, 2, 3]
    assert max(sizes[5:]) <= 5  # by a quarter with each
    assert patient.waits == [0.5, 1.0, 2.0]


def test_waiting_ends(client: FakeClient) -> None:
    patient = Patient(limit=3)
    client.script["search"] = [refusal(503)] * 9
    with pytest.raises(SourceError, match="503"):
        list(source(client, patient).poll(None))
    assert patient.waits == [0.5, 1.0, 2.0]


def test_one_event_too_large_for_the_server_is_told(client: FakeClient) -> None:
    client.script["search"] = [refusal(413, "too_large")] * 9
    with pytest.raises(SourceError, match="413 too_large"):
        list(source(client, page_size=4).poll(None))


def test_a_quiet_source_gives_nothing_to_store(client: FakeClient) -> None:
    found = list(source(client).poll(None))
    checkpoint = found[-1].checkpoint
    assert list(source(client, clock=lambda: at(NOW + 10_000)).poll(checkpoint)) == []
    (late,) = source(client, clock=lambda: at(NOW + 90_000)).poll(checkpoint)
    assert late.records == []
    assert late.checkpoint is not None
    assert late.checkpoint["mark"] == NOW + 90_000 - 5_000


def test_a_clock_that_goes_back_moves_no_mark_back(client: FakeClient) -> None:
    found = list(source(client).poll(None))
    mark = found[-1].checkpoint["mark"]  # type: ignore[index]
    client.put("logs-a", "late", NOW - 200_000)
    (batch,) = source(client, clock=lambda: at(NOW - 100_000)).poll(found[-1].checkpoint)
    assert ids([batch]) == ["late"]
    assert batch.checkpoint is not None
    assert batch.checkpoint["mark"] == mark


def test_a_document_without_its_source_is_told(client: FakeClient) -> None:
    def bare(answer: dict[str, Any]) -> dict[str, Any]:
        del answer["hits"]["hits"][3]["_source"]
        return answer

    client.script["search"] = [bare]
    client.indices["logs-a"]["3"] = dict(client.indices["logs-a"]["3"])
    problems = Problems()
    assert len(ids(source(client, report=problems).poll(None))) == 9
    assert problems.counts == {"no-source": 1}


@pytest.mark.parametrize(
    "checkpoint",
    [
        {},
        {"version": 3, "mark": 1, "seen": {}},
        {"version": 2, "mark": "soon", "seen": {}},
        {"version": 2, "mark": 1, "seen": {}},
        {"version": 2, "mark": 1, "seen": []},
        {"version": 2, "mark": 1, "seen": {"bin": 1000, "events": {"0": 7}, "tallies": {}}},
    ],
)
def test_a_checkpoint_of_another_kind_is_refused(
    client: FakeClient, checkpoint: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match="the checkpoint of source 'events' cannot be read"):
        list(source(client).poll(checkpoint))


def test_settings_that_cannot_work_are_refused(client: FakeClient) -> None:
    with pytest.raises(SettingsError, match="page_size"):
        source(client, page_size=0)
    with pytest.raises(SettingsError, match="index"):
        SearchSource(client, "events", " ")


@pytest.mark.parametrize("launch", [5_000, 9_000])
def test_a_launch_after_the_first_takes_start_from_the_checkpoint(
    client: FakeClient, launch: int
) -> None:
    empty = FakeClient()
    first = list(source(empty, start=at(5_000)).poll(None))
    assert ids(first) == []
    again = source(client, start=at(launch)).poll(first[-1].checkpoint)
    assert ids(again) == ["5", "6", "7", "8", "9"]


def test_downtime_longer_than_start_reaches_back_loses_nothing(client: FakeClient) -> None:
    early = source(client, start=at(0), clock=lambda: at(6_000), refresh_lag=timedelta(0))
    first = list(early.poll(None))
    # launched again much later, "24h back" lies behind all the events that came meanwhile
    late = list(source(client, start=at(NOW - 1_000)).poll(first[-1].checkpoint))
    assert sorted({*ids(first), *ids(late)}) == [str(n) for n in range(10)]


def test_a_page_size_that_worked_is_kept_from_poll_to_poll(client: FakeClient) -> None:
    patient = Patient()
    read = source(client, patient, page_size=8)
    client.script["search"] = [refusal(429), refusal(429)]
    list(read.poll(None))
    client.bodies.clear()
    list(read.poll(None))
    assert client.bodies[0]["size"] > 2  # the size had grown again, and is not begun anew
    assert client.bodies[0]["size"] < 8


def test_pages_of_large_documents_are_small_and_nothing_is_left_out() -> None:
    client = FakeClient()
    for n in range(300):
        client.put("logs-a", str(n), 1000 + n, text="x" * 200_000)
    found = list(source(client, Patient(), page_size=10_000).poll(None))
    assert sorted(ids(found), key=int) == [str(n) for n in range(300)]
    sizes = [body["size"] for body in client.bodies]
    assert sizes[0] == FIRST
    assert all(size * 200_000 <= AIM for size in sizes[1:])
    assert len(sizes) > 2
