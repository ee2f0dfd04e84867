"""A sweep finds what came later than the overlap, and each of it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search import SearchSource
from connectors.search.sketch import FEW
from engine.errors import Problems, SourceError
from engine.ports import Batch, Checkpoint
from tests.connectors.search.double import FakeClient, Patient, refusal

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 100 * DAY


class Run:
    """A source polled again and again, whose checkpoint is kept."""

    def __init__(self, client: FakeClient, **options: Any) -> None:
        self.client, self.options, self.now = client, options, NOW
        self.checkpoint: Checkpoint | None = None
        self.notes: list[Any] = []
        self.launch()

    def launch(self, **options: Any) -> None:
        self.options |= options
        how: dict[str, Any] = {
            "sweep": timedelta(minutes=5),
            "max_lateness": timedelta(hours=6),
            "retry": Patient().retry,
            "clock": lambda: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.now),
            "page_size": 100,
        }
        self.source = SearchSource(self.client, "events", "logs-*", **how | self.options)

    def poll(self, later: int = 0) -> list[str]:
        """The ids of what a poll finds."""
        self.now += later
        found: list[Batch] = []
        for batch in self.source.poll(self.checkpoint):
            found.append(batch)
            self.checkpoint = batch.checkpoint
            self.notes += batch.notes
        return [str(r.id).rsplit("/")[-1] for batch in found for r in batch.records]

    def kinds(self) -> list[str]:
        return [note.kind for note in self.notes]


@pytest.fixture
def client() -> FakeClient:
    made = FakeClient()
    for n in range(120):
        made.put("logs-a", f"e{n}", NOW - 12 * HOUR + n * 6 * MINUTE)
    return made


def test_an_event_later_than_the_overlap_is_found_once(client: FakeClient) -> None:
    run = Run(client)
    assert len(run.poll()) == 120
    client.put("logs-a", "late", run.now - 3 * HOUR)
    assert run.poll(6 * MINUTE) == ["late"]
    assert run.poll(6 * MINUTE) == []
    run.launch()
    assert run.poll(6 * MINUTE) == []
    late = [note for note in run.notes if note.kind == "late"]
    assert [(note.state, note.count) for note in late] == [("noted", 1)]
    assert late[0].start.timestamp() * 1000 <= NOW - 3 * HOUR < late[0].end.timestamp() * 1000


def test_without_a_sweep_it_is_not(client: FakeClient) -> None:
    run = Run(client, sweep=None)
    run.poll()
    client.put("logs-a", "late", run.now - 3 * HOUR)
    assert run.poll(6 * MINUTE) == []


def test_a_quiet_sweep_is_one_search_that_reads_no_document(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    run.poll(MINUTE)
    client.bodies.clear()
    assert run.poll(6 * MINUTE) == []
    sweeps = [body for body in client.bodies if "aggs" in body]
    assert [(body["size"], body["_source"]) for body in sweeps] == [(1, False)]
    assert len(client.bodies) == 2


def test_between_sweeps_nothing_is_asked(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    run.poll(MINUTE)
    client.bodies.clear()
    run.poll(MINUTE)
    assert [body for body in client.bodies if "aggs" in body] == []


def test_in_a_crowded_bucket_only_the_late_events_come(client: FakeClient) -> None:
    run = Run(client, page_size=70)
    time = NOW - 2 * HOUR
    for n in range(FEW * 20):
        client.put("logs-a", f"crowd{n}", time + n % 1000)
    assert len(run.poll()) == 120 + FEW * 20
    for n in range(5):
        client.put("logs-a", f"late{n}", time + n)
    assert sorted(run.poll(6 * MINUTE)) == [f"late{n}" for n in range(5)]
    assert run.poll(6 * MINUTE) == []


def test_too_many_late_events_in_a_crowd_have_all_evaluated_again(client: FakeClient) -> None:
    run = Run(client)
    time = NOW - 2 * HOUR
    for n in range(200):
        client.put("logs-a", f"crowd{n}", time)
    run.poll()
    for n in range(500):
        client.put("logs-a", f"late{n}", time)
    found = run.poll(6 * MINUTE)
    assert {f"late{n}" for n in range(500)} <= set(found)
    assert len(found) >= 700
    assert "evaluated-again" in run.kinds()
    client.put("logs-a", "last", time)
    assert run.poll(6 * MINUTE) == ["last"]


def test_a_poll_that_ends_in_mid_sweep_is_taken_up(client: FakeClient) -> None:
    run = Run(client, page_size=5)
    run.poll()
    for n in range(12):
        client.put("logs-a", f"late{n:02}", NOW - 3 * HOUR + n)
    run.now += 6 * MINUTE
    poll = run.source.poll(run.checkpoint)
    first = next(poll)
    run.checkpoint = first.checkpoint
    poll.close()  # type: ignore[attr-defined]
    got = [str(r.id).rsplit("/")[-1] for r in first.records]
    assert 0 < len(got) < 12
    run.launch()
    assert sorted(got + run.poll()) == [f"late{n:02}" for n in range(12)]


def test_downtime_longer_than_the_lateness_loses_no_late_event(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-a", "late", NOW - 5 * HOUR)
    run.launch()
    assert run.poll(3 * DAY) == ["late"]


def test_between_what_polls_read_and_what_sweeps_do_there_is_no_seam(client: FakeClient) -> None:
    """A long downtime leaves each of them one look at the time behind the mark."""
    run = Run(client)
    run.poll()
    for minute in range(30):
        client.put("logs-a", f"late{minute:02}", NOW - minute * MINUTE - 7000)
    run.launch()
    assert sorted(run.poll(3 * DAY)) == [f"late{minute:02}" for minute in range(30)]
    assert set(run.kinds()) == {"late"}


def test_later_than_max_lateness_is_a_counted_gap(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    run.poll(9 * HOUR)
    client.put("logs-a", "older", NOW - 1 * HOUR)
    client.put("logs-a", "oldest", NOW - 1 * HOUR)
    assert run.poll(HOUR) == []
    (gap,) = [note for note in run.notes if note.kind == "too-late"]
    assert (gap.state, gap.count) == ("open", 2)
    assert gap.start.timestamp() * 1000 <= NOW - HOUR < gap.end.timestamp() * 1000
    run.launch()
    run.poll(HOUR)
    assert run.kinds().count("too-late") == 1


def test_deleted_events_neither_hide_late_ones_nor_come_again(client: FakeClient) -> None:
    run = Run(client)
    for n in range(FEW * 2):
        client.put("logs-a", f"crowd{n}", NOW - 2 * HOUR)
    run.poll()
    held = client.indices["logs-a"].pop("crowd7")
    assert run.poll(6 * MINUTE) == []
    client.put("logs-a", "late", NOW - 2 * HOUR)
    assert run.poll(6 * MINUTE) == ["late"]
    client.indices["logs-a"]["crowd7"] = held
    assert run.poll(6 * MINUTE) == []


def test_a_checkpoint_of_before_there_were_sweeps_has_all_evaluated_once_more(
    client: FakeClient,
) -> None:
    run = Run(client, sweep=None)
    run.poll()
    client.put("logs-a", "late", NOW - 3 * HOUR)
    run.launch(sweep=timedelta(minutes=5))
    found = run.poll(MINUTE)
    assert "late" in found
    assert len(found) == len(set(found)) > 50
    assert "evaluated-again" in run.kinds()
    assert run.poll(6 * MINUTE) == []


def test_more_events_than_the_overlap_has_ids_of_hide_no_late_one(client: FakeClient) -> None:
    for n in range(300):
        client.put("logs-a", f"n{n}", NOW - 8 * MINUTE + n * 1000)
    run = Run(client, max_seen=50)
    assert len(run.poll()) == 420
    assert run.poll(30 * MINUTE) == []
    client.put("logs-a", "late", NOW - 5 * MINUTE)
    assert run.poll(30 * MINUTE) == ["late"]
    assert run.poll(30 * MINUTE) == []


def test_a_sweep_that_was_not_answered_whole_moves_nothing(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    before = run.checkpoint
    client.put("logs-a", "late", NOW - 3 * HOUR)
    client.script["search"] = [lambda answer: {**answer, "timed_out": True}]
    with pytest.raises(SourceError, match="not whole"):
        run.poll(6 * MINUTE)
    assert run.checkpoint == before
    assert run.poll() == ["late"]


def test_a_sweep_that_is_refused_does_not_stop_polls(client: FakeClient) -> None:
    problems = Problems()
    run = Run(client, report=problems)
    run.poll()
    client.put("logs-a", "new", NOW - MINUTE)
    client.script["search"] = [refusal(400, "illegal_argument_exception", "not a date")]
    assert run.poll(6 * MINUTE) == ["new"]
    assert problems.counts["sweep-failed"] == 1
    assert "sweep-failed" in run.kinds()


def test_other_settings_begin_a_memory_anew_and_lose_nothing(client: FakeClient) -> None:
    run = Run(client)
    run.poll()
    client.put("logs-a", "late", NOW - 3 * HOUR)
    run.launch(overlap=timedelta(hours=1))
    assert "late" in run.poll(MINUTE)
    assert run.poll(6 * MINUTE) == []


def test_the_start_is_recorded_and_nothing_before_it_is_read(client: FakeClient) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=NOW - 4 * HOUR - 1)
    run = Run(client, start=start)
    first = run.poll()
    client.put("logs-a", "before", NOW - 5 * HOUR)
    client.put("logs-a", "just-before", NOW - 4 * HOUR - 2)
    client.put("logs-a", "after", NOW - 4 * HOUR)
    assert run.poll(6 * MINUTE) == ["after"]
    assert len(first) == 40
    (note,) = [note for note in run.notes if note.kind == "skipped-start"]
    assert (note.end, note.state) == (start, "noted")


def test_a_clock_set_back_is_a_gap_that_ends_where_polls_begin_again(client: FakeClient) -> None:
    run = Run(client)
    run.poll(DAY)
    client.put("logs-a", "meanwhile", NOW + 2 * HOUR)
    run.now = NOW + 3 * HOUR
    assert run.poll() == []
    (gap,) = [note for note in run.notes if note.kind == "clock-back"]
    assert gap.state == "open"
    assert gap.start.timestamp() * 1000 == run.now - 5000
    run.poll(MINUTE)
    assert run.kinds().count("clock-back") == 1


def test_events_deleted_in_mid_page_are_counted(client: FakeClient) -> None:
    problems = Problems()
    run = Run(client, page_size=30, report=problems)
    client.script |= {
        "search": [None, None, refusal(404, "index_not_found_exception")],
        "histogram": [],
    }
    with pytest.raises(SourceError, match="index_not_found"):
        run.poll()
    del client.indices["logs-a"]
    client.put("logs-b", "other", NOW - 12 * HOUR)
    run.poll()
    (note,) = [note for note in run.notes if note.kind == "vanished"]
    assert note.count == 120 - 30  # the others were held, and none of them evaluated
    assert problems.counts["vanished"] == 1


def test_a_poll_that_only_failed_leaves_no_such_record(client: FakeClient) -> None:
    run = Run(client, page_size=30)
    client.script |= {
        "search": [None, None, refusal(404, "search_context_missing_exception")],
        "histogram": [],
    }
    with pytest.raises(SourceError):
        run.poll()
    run.poll()
    assert "vanished" not in run.kinds()


def test_an_index_that_is_gone_with_all_that_was_left_is_recorded_too(client: FakeClient) -> None:
    run = Run(client, page_size=30)
    client.script |= {
        "search": [None, None, refusal(404, "index_not_found_exception")],
        "histogram": [],
    }
    with pytest.raises(SourceError):
        run.poll()
    client.indices.clear()
    run.poll()
    assert run.kinds().count("vanished") == 1


def test_a_memory_stays_small(client: FakeClient) -> None:
    for n in range(20_000):
        client.put("logs-a", f"n{n}", NOW - 6 * HOUR + n * 1000)
    run = Run(client, page_size=5000)
    run.poll()
    assert run.checkpoint is not None
    assert sum(map(len, run.checkpoint["sweep"]["keys"].values())) < 290 * 1100


@pytest.mark.parametrize(
    "sweep", [7, {"part": 30_000}, {"part": 30_000, "horizon": 22_800_000, "since": "x"}]
)
def test_a_memory_of_another_kind_is_refused(client: FakeClient, sweep: Any) -> None:
    run = Run(client)
    run.poll()
    assert run.checkpoint is not None
    run.checkpoint = {**run.checkpoint, "sweep": sweep}
    with pytest.raises(SourceError, match="sweep: the checkpoint of source 'events'"):
        run.poll(MINUTE)
