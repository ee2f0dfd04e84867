"""An overlap with many events is looked at by counts, and only what is new is read of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.search import SearchSource, gathering, overlap, view
from connectors.search.port import RequestError
from connectors.search.seen import Tally
from engine.errors import SourceError
from engine.ports import Checkpoint
from tests.connectors.search.double import FakeClient, Patient, refusal
from tests.connectors.search.test_source import at, ids

NOW = 100_000_000
EVENTS = 600
LAG = 5000


@pytest.fixture
def client() -> FakeClient:
    """Two events a second."""
    made = FakeClient()
    for n in range(EVENTS):
        made.put("logs-a", f"{n:04}", NOW - LAG - 500 * (n + 1), rich="x" * 50)
    return made


class Run:
    """A source whose checkpoint is kept from poll to poll, as from process to process."""

    def __init__(self, client: FakeClient, **options: Any) -> None:
        self.client, self.now = client, NOW
        self.options = {"max_seen": 100, "page_size": 200, **options}
        self.checkpoint: Checkpoint | None = None
        self.notes: list[Any] = []
        self.read = 0
        """Documents that the last poll was given."""
        self.bare = 0

    def poll(self, later: int = 1000) -> list[str]:
        self.now += later
        self.read = self.bare = 0
        real = self.client.search

        def search(body: Any, index: str | None = None) -> Any:
            answer = real(body, index)
            if "aggs" not in body:
                hits = answer["hits"]["hits"]
                self.read += sum("_source" in hit for hit in hits)
                self.bare += sum("_source" not in hit for hit in hits)
            return answer

        self.client.search = search  # type: ignore[method-assign]
        source = SearchSource(self.client, "events", "logs-*", clock=lambda: at(self.now),
                              retry=Patient().retry, **self.options)  # fmt: skip
        found: list[str] = []
        try:
            for batch in source.poll(self.checkpoint):
                found += ids([batch])
                self.checkpoint = batch.checkpoint or self.checkpoint
                self.notes += batch.notes
        finally:
            self.client.search = real  # type: ignore[method-assign]
        return sorted(found)


@pytest.fixture(autouse=True)
def _crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "PLAIN", 100)


def test_what_is_known_is_not_read_again(client: FakeClient) -> None:
    run = Run(client)
    assert len(run.poll()) == EVENTS
    assert (run.poll(), run.read, run.bare) == ([], 0, 0)


@pytest.mark.parametrize("max_seen", [0, 100, 30_000])
def test_a_late_event_is_found_once_and_little_is_read_for_it(
    client: FakeClient, max_seen: int
) -> None:
    run = Run(client, max_seen=max_seen)
    run.poll()
    client.put("logs-a", "old", NOW - 230_000)
    client.put("logs-b", "young", NOW - 20_000)
    client.put("logs-a", "new", NOW - 4500)
    assert run.poll() == ["new", "old", "young"]
    assert run.read == 3
    assert run.bare <= 20
    assert (run.poll(), run.read) == ([], 0)


def test_an_event_in_the_place_of_a_deleted_one_is_found(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    gone = client.indices["logs-a"].pop("0300")
    client.put("logs-a", "instead", gone["_source"]["@timestamp"])
    assert run.poll() == ["instead"]
    assert run.poll() == []


def test_an_event_that_is_written_over_is_evaluated_again(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-a", "0300", NOW - LAG - 500 * 301)
    assert run.poll() == ["0300"]
    assert run.poll() == []


def test_deleted_events_come_not_again_and_cost_one_look(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    held = client.indices["logs-a"].pop("0300")
    assert (run.poll(61_000), run.read) == ([], 0)
    assert (run.poll(61_000), run.bare) == ([], 0)
    client.indices["logs-a"]["0300"] = held
    assert run.poll(61_000) == []


def test_one_id_in_two_indices_is_two_events(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-b", "0300", NOW - LAG - 500 * 301)
    assert run.poll() == ["0300"]
    assert run.poll() == []


def test_more_than_can_be_told_apart_are_evaluated_once_more_and_told_once(
    client: FakeClient,
) -> None:
    time = NOW - 200_000
    for n in range(400):
        client.put("logs-a", f"crowd{n}", time)
    run = Run(client, max_seen=0)
    run.poll()
    for turn in range(2):
        late = [f"late{turn}{n}" for n in range(300)]
        for id in late:
            client.put("logs-a", id, time)
        found = run.poll()
        assert {*late} <= {*found}
        assert len(found) == len({*found})
    assert run.poll() == []
    told = [note for note in run.notes if note.kind == "evaluated-again"]
    assert len({(note.start, note.end, note.step) for note in told}) == 1


def test_many_hits_of_one_bin_are_read_twice_rather_than_held(
    client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "KEPT", 3)
    monkeypatch.setattr(view, "IDS_ASKED", 2)
    run = Run(client, page_size=4)
    run.poll()
    for n in range(7):
        client.put("logs-a", f"late{n}", NOW - 230_000)
    assert run.poll() == [f"late{n}" for n in range(7)]
    assert run.read == 7


def test_a_cluster_that_refuses_the_count_is_asked_for_ids(client: FakeClient) -> None:
    def refused(body: Any) -> bool:
        return "aggs" in body

    run = Run(client)
    refuse(client, refused)
    run.poll()
    client.put("logs-a", "late", NOW - 230_000)
    assert run.poll() == ["late"]
    assert (run.poll(), run.read) == ([], 0)


def refuse(client: FakeClient, refused: Callable[[Any], bool]) -> None:
    real = client.search

    def search(body: Any, index: str | None = None) -> Any:
        if refused(body):
            raise refusal(400, "illegal_argument_exception")
        return real(body, index)

    client.search = search  # type: ignore[method-assign]


def test_an_event_that_was_listed_and_is_not_given_moves_nothing(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-a", "late", NOW - 230_000)
    before = run.checkpoint

    def without(answer: Any) -> Any:
        return {**answer, "hits": {**answer["hits"], "hits": []}}

    client.script |= {"search": [None, without], "histogram": [None, None]}
    with pytest.raises(SourceError, match="1 events were there and are not found"):
        run.poll()
    assert run.checkpoint == before
    assert run.poll() == ["late"]


def test_a_poll_that_ends_in_the_middle_is_gone_on_with(
    client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "HITS", 0)  # page after page
    run = Run(client)
    run.poll()
    for n in range(500):
        client.put("logs-a", f"new{n:03}", NOW - 3000 + n)
    client.script["search"] = [*[None] * 4, refusal(404, "search_context_missing_exception")]
    with pytest.raises(SourceError):
        run.poll(3000)
    assert run.checkpoint is not None
    assert run.checkpoint["mark"] == NOW - 3000 + 199
    found = run.poll()
    assert "new499" in found
    assert len(found) == len({*found}) == 500 - 200


def new_events(client: FakeClient, number: int) -> list[str]:
    for n in range(number):
        client.put("logs-a", f"new{n:03}", NOW - LAG + 1001 + n)
    return [f"new{n:03}" for n in range(number)]


def test_what_is_new_is_counted_and_read_in_two_halves(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    expected = new_events(client, 500)
    client.bodies.clear()
    assert run.poll(2000) == expected
    counts = [body for body in client.bodies if "aggs" in body and body["size"] == 1]
    lying = [body for body in client.bodies if "_shard_doc" in body["sort"][0]]
    assert len({str(body["query"]) for body in lying}) == 2
    assert run.read == 500, "where it is known how many there are, no page overlaps another"
    # behind the mark, before it, and once more when all is known
    assert (len(counts), len(client.bodies)) == (3, 3 + len(lying))


def test_where_it_is_known_that_nothing_is_new_no_page_is_asked_for(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.bodies.clear()
    assert run.poll() == []
    assert [body["size"] for body in client.bodies] == [1, 1]
    assert all("aggs" in body for body in client.bodies)


@pytest.mark.parametrize("error", [refusal(400), refusal(503)], ids=["400", "503"])
def test_what_cannot_be_counted_is_read_page_after_page(
    client: FakeClient, error: RequestError
) -> None:
    run = Run(client)
    run.poll()
    expected = new_events(client, 50)
    client.script["histogram"] = [None, error]
    assert run.poll(2000) == expected


def test_what_was_counted_and_is_gone_before_a_page_came_is_recorded(client: FakeClient) -> None:
    time = NOW
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(time), retry=Patient().retry)
    checkpoint = [*source.poll(None)][-1].checkpoint
    new_events(client, 500)
    time += 3000
    client.script |= {
        "search": [refusal(404, "index_not_found_exception")],
        "histogram": [None, None],
    }
    with pytest.raises(SourceError, match="index_not_found"):
        [*source.poll(checkpoint)]
    del client.indices["logs-a"]
    notes = [note for batch in source.poll(checkpoint) for note in batch.notes]
    assert [(note.kind, note.count) for note in notes] == [("vanished", 500)]


def test_a_clock_that_goes_back_reads_up_to_the_mark(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-a", "late", NOW - 100_000)
    assert run.poll(-200_000) == ["late"]
    assert run.poll(200_000) == []


def test_a_tally_is_of_count_and_sequence_numbers(client: FakeClient) -> None:
    pit = client.open_pit("logs-*", "1m")
    assert pit is not None
    source = SearchSource(client, "events", "logs-*", clock=lambda: at(NOW))
    window = source.window(source_position(source), NOW)
    look = view.View(client, window, [pit], Patient().retry)
    found = overlap.tally(look, look.within(NOW - LAG - 1000, NOW), 1000)
    assert found == {NOW // 1000 - 6: Tally(2, 1 + 2)}


def source_position(source: SearchSource) -> Any:
    from connectors.search.position import Position

    return Position(source.overlap_ms, source.max_seen)
