"""A search source against real servers: nothing missed, nothing said twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.search import (
    AlertSink,
    ClusterState,
    SearchSource,
    gathering,
    overlap,
    paging,
)
from connectors.search.source import UNTIMED
from engine.errors import Problems, SourceError
from tests.live.fixtures import Cluster
from tests.live.helpers import T0, alert, at, batches, event, ids, put, read

pytestmark = pytest.mark.live


def source(cluster: Cluster, index: str | None = None, **options: Any) -> SearchSource:
    options.setdefault("clock", lambda: at(3600))
    return SearchSource(cluster.client, "events", index or f"{cluster.prefix}-*", **options)


def test_equal_timestamps_are_paged_without_loss_or_repeat(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "TOGETHER", 1)
    put(cluster.client, f"{cluster.prefix}-a", {f"a{n}": event(n // 10) for n in range(25)})
    put(cluster.client, f"{cluster.prefix}-b", {f"b{n}": event(n // 10) for n in range(20)})
    found = batches(source(cluster, page_size=7))
    names = [name for batch in found for name in ids(batch.records)]
    assert len(found) >= 4
    assert sorted(names) == sorted([f"a{n}" for n in range(25)] + [f"b{n}" for n in range(20)])
    times = [record.document["@timestamp"] for batch in found for record in batch.records]
    assert times == sorted(times)


def test_events_of_one_time_in_many_indices_and_shards_all_come(cluster: Cluster) -> None:
    expected = set()
    for name in ("a", "b", "c"):
        index = f"{cluster.prefix}-{name}"
        cluster.client.create_index(index, {"settings": {"index": {"number_of_shards": 3}}})
        documents = {f"{name}{n}": event(n % 3) for n in range(50)}
        put(cluster.client, index, documents)
        expected |= set(documents)
    for size in (3, 8, 50):
        names = ids(read(source(cluster, page_size=size))[0])
        assert len(names) == 150
        assert set(names) == expected


def test_a_page_that_ends_exactly_at_the_end_is_followed_by_no_event(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {str(n): event(n) for n in range(10)})
    records, checkpoint = read(source(cluster, page_size=5))
    assert ids(records) == [str(n) for n in range(10)]
    assert checkpoint is not None
    assert checkpoint["mark"] == (at(3600 - 5) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


def test_the_overlap_is_read_again_and_only_what_is_new_comes(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {str(n): event(3000 + n) for n in range(20)})
    first, checkpoint = read(source(cluster, page_size=6))
    assert len(first) == 20
    put(cluster.client, index, {"late": event(3005), "new": event(3590)})
    again, later = read(source(cluster, page_size=6, clock=lambda: at(3610)), checkpoint)
    assert sorted(ids(again)) == ["late", "new"]
    assert read(source(cluster, clock=lambda: at(3620)), later)[0] == []


def test_an_event_written_over_inside_the_overlap_is_read_again(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"1": event(3500, word="calm"), "2": event(3500)})
    _, checkpoint = read(source(cluster))
    put(cluster.client, index, {"1": event(3500, word="evil")})
    again, _ = read(source(cluster, clock=lambda: at(3610)), checkpoint)
    assert [record.document.get("word") for record in again] == ["evil"]


def test_a_stop_after_any_batch_loses_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "TOGETHER", 1)
    put(cluster.client, f"{cluster.prefix}-a", {str(n): event(n * 60) for n in range(40)})
    everything = {str(n) for n in range(40)}
    found = batches(source(cluster, page_size=9))
    assert len(found) > 3
    for stop in range(len(found)):
        before = {name for batch in found[: stop + 1] for name in ids(batch.records)}
        after = ids(read(source(cluster, page_size=9), found[stop].checkpoint)[0])
        assert before | set(after) == everything
        assert not before & set(after)


def test_the_newest_events_wait_for_the_refresh_lag(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"old": event(3590), "new": event(3597)})
    first, checkpoint = read(source(cluster))
    assert ids(first) == ["old"]
    assert ids(read(source(cluster, clock=lambda: at(3603)), checkpoint)[0]) == ["new"]


def test_a_start_time_leaves_older_events_out(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"old": event(10), "new": event(20)})
    assert ids(read(source(cluster, start=at(15)))[0]) == ["new"]


def test_nanoseconds_and_milliseconds_share_one_order(cluster: Cluster) -> None:
    mapping = {"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}}}}
    cluster.client.create_index(f"{cluster.prefix}-nanos", mapping)
    nano = {str(n): {"@timestamp": f"2026-01-01T00:00:0{n}.000000{n}00Z"} for n in range(9)}
    put(cluster.client, f"{cluster.prefix}-nanos", nano)
    put(cluster.client, f"{cluster.prefix}-plain", {f"p{n}": event(n + 0.5) for n in range(9)})
    records, checkpoint = read(source(cluster, page_size=4))
    assert ids(records) == [name for n in range(9) for name in (str(n), f"p{n}")]
    assert read(source(cluster), checkpoint)[0] == []


def test_what_is_read_as_it_lies_comes_in_the_order_of_time(cluster: Cluster) -> None:
    expected = []
    for name, shards in (("a", 1), ("b", 3)):
        index = f"{cluster.prefix}-{name}"
        cluster.client.create_index(index, {"settings": {"index": {"number_of_shards": shards}}})
        documents = {f"{name}{n}": event(n * 37 % 200 // 2) for n in range(200)}
        put(cluster.client, index, documents)
        expected += [(document["@timestamp"], id) for id, document in documents.items()]
    sorts: list[Any] = []
    search = cluster.client.search

    def watched(body: Any, index: str | None = None) -> Any:
        sorts.append(body["sort"][-1])
        return search(body, index)

    cluster.client.search = watched  # type: ignore[method-assign]
    found = batches(source(cluster, page_size=60))
    told = [(r.document["@timestamp"], name) for batch in found
            for r, name in zip(batch.records, ids(batch.records), strict=True)]  # fmt: skip
    assert [time for time, _ in told] == sorted(time for time, _ in expected)
    assert sorted(told) == sorted(expected)
    assert any("@timestamp" in sort for sort in sorts)


def test_no_nanosecond_between_two_stretches_is_left_out(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "HITS", 0)
    mapping = {"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}}}}
    cluster.client.create_index(f"{cluster.prefix}-nanos", mapping)
    times = [f"2026-01-01T00:00:00.{ms:03}{nano:06}Z" for ms in range(40) for nano in (0, 999_999)]
    put(cluster.client, f"{cluster.prefix}-nanos", {t: {"@timestamp": t} for t in times})
    cut: list[int] = []
    search = cluster.client.search

    def watched(body: Any, index: str | None = None) -> Any:
        cut.append("aggs" in body)
        return search(body, index)

    cluster.client.search = watched  # type: ignore[method-assign]
    assert sorted(ids(read(source(cluster, page_size=4))[0])) == times
    assert any(cut)


def test_nothing_between_two_halves_of_what_is_new_is_left_out(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In indices of both resolutions and several shards, whose overlap is looked at by counts."""
    monkeypatch.setattr(overlap, "PLAIN", 0)
    mapping = {"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}}}}
    cluster.client.create_index(f"{cluster.prefix}-nanos", mapping)
    shards = {"settings": {"index": {"number_of_shards": 3}}}
    cluster.client.create_index(f"{cluster.prefix}-plain", shards)
    put(cluster.client, f"{cluster.prefix}-plain", {"first": event(0)})
    known, checkpoint = read(source(cluster, page_size=30, clock=lambda: at(64.99)))
    assert ids(known) == ["first"]
    times = [f"2026-01-01T00:01:00.{ms:03}{nano:06}Z" for ms in range(30) for nano in (0, 999_999)]
    put(cluster.client, f"{cluster.prefix}-nanos", {t: {"@timestamp": t} for t in times})
    plain = {f"p{n}": {"@timestamp": f"2026-01-01T00:01:00.{n % 30:03}Z"} for n in range(90)}
    put(cluster.client, f"{cluster.prefix}-plain", plain)
    halves: list[int] = []
    cut = paging.halved
    monkeypatch.setattr(paging, "halved", lambda *how: halves.append(len(cut(*how))) or cut(*how))
    found = ids(read(source(cluster, page_size=30, clock=lambda: at(65.04)), checkpoint)[0])
    assert sorted(found) == sorted([*times, *plain])
    assert halves == [2]


@pytest.mark.parametrize("gathered", [0, 40_000])
def test_a_stretch_that_does_not_reach_an_index_leaves_nothing_out_of_others(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, gathered: int
) -> None:
    """The second page ends amid events of one time; the first index has only older ones."""
    monkeypatch.setattr(gathering, "HITS", gathered)
    expected = set()
    for name, second in (("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 3)):
        documents = {f"{name}{n}": event(second) for n in range(30)}
        put(cluster.client, f"{cluster.prefix}-{name}", documents)
        expected |= set(documents)
    names = ids(read(source(cluster, page_size=20))[0])
    assert len(names) == 150
    assert set(names) == expected


def test_a_custom_date_format_is_no_obstacle(cluster: Cluster) -> None:
    mapping = {"type": "date", "format": "yyyy/MM/dd HH:mm:ss"}
    index = f"{cluster.prefix}-a"
    cluster.client.create_index(index, {"mappings": {"properties": {"@timestamp": mapping}}})
    put(cluster.client, index, {str(n): {"@timestamp": f"2026/01/01 00:00:0{n}"} for n in range(5)})
    assert len(read(source(cluster, page_size=2))[0]) == 5


def test_what_does_not_exist_yet_is_no_error(cluster: Cluster) -> None:
    for name in (f"{cluster.prefix}-nope", f"{cluster.prefix}-*"):
        assert batches(source(cluster, name)) == []
    put(cluster.client, f"{cluster.prefix}-here", {"1": event(1)})
    both = f"{cluster.prefix}-nope,{cluster.prefix}-here"
    assert ids(read(source(cluster, both))[0]) == ["1"]


def test_old_events_that_are_the_first_to_come_are_read(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    mapping = {"mappings": {"properties": {"@timestamp": {"type": "date"}}}}
    cluster.client.create_index(index, mapping)
    _, checkpoint = read(source(cluster))
    put(cluster.client, index, {"1": event(1)})
    assert ids(read(source(cluster), checkpoint)[0]) == ["1"]


def test_documents_without_the_cursor_field_are_counted_once(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"1": event(1), "2": {"word": "lost"}, "3": {"word": "lost"}})
    problems = Problems()
    reader = source(cluster, report=problems)
    assert ids(read(reader)[0]) == ["1"]
    read(reader)
    assert problems.counts == {"no-time-field": 1}
    assert "2 documents without @timestamp" in next(iter(problems)).message
    put(cluster.client, index, {"4": {"word": "lost"}})
    read(reader)
    assert problems.counts == {"no-time-field": 1}
    earlier = reader.clock
    reader.clock = lambda: earlier() + UNTIMED
    read(reader)
    assert problems.counts == {"no-time-field": 2}


def test_an_index_without_any_time_is_counted_whole(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": {"word": "x"}})
    problems = Problems()
    assert read(source(cluster, report=problems))[0] == []
    assert problems.counts == {"no-time-field": 1}


def test_a_pattern_over_everything_leaves_our_own_indices_out(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"mine": event(1)})
    sink = AlertSink(cluster.client, cluster.namespace)
    sink.write([alert("a1")])
    ClusterState(cluster.client, cluster.namespace).commit("events", {"mark": 1}, {})
    cluster.client.refresh("*")
    clock = {"clock": lambda: datetime.now(UTC) + timedelta(hours=1)}
    records, _ = read(source(cluster, "*", page_size=100, **clock))
    names = {str(record.index) for record in records}
    assert f"{cluster.prefix}-a" in names
    assert not [name for name in names if cluster.namespace in name]
    assert read(source(cluster, sink.alias, **clock))[0] == []


def test_an_event_is_named_by_its_stream_and_keeps_its_index(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a-000001"
    cluster.client.create_index(index, {"aliases": {f"{cluster.prefix}-alias": {}}})
    put(cluster.client, index, {"7": event(1)})
    (record,), _ = read(source(cluster, f"{cluster.prefix}-alias"))
    assert (record.id, record.index) == (f"{cluster.prefix}-alias/7", index)
    assert record.origin == f"{cluster.prefix}-alias"


def test_equal_document_ids_in_two_indices_of_a_pattern_are_two_events(cluster: Cluster) -> None:
    for name in ("a", "b"):
        put(cluster.client, f"{cluster.prefix}-{name}", {"1": event(1)})
    records, _ = read(source(cluster))
    assert len({record.id for record in records}) == 2


def test_a_query_narrows_the_source(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": event(1, n=1), "2": event(2, n=2)})
    assert ids(read(source(cluster, query={"term": {"n": 2}}))[0]) == ["2"]


def test_a_query_that_the_server_refuses_is_told_with_its_reason(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": event(1)})
    with pytest.raises(SourceError, match=r"'events' cannot read .*no_such_clause"):
        read(source(cluster, query={"no_such_clause": {}}))


def test_a_point_in_time_that_is_gone_moves_nothing(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {str(n): event(n) for n in range(30)})
    client = cluster.client
    opened = []
    real = client.open_pit

    def open_pit(index: str, keep_alive: str) -> str | None:
        opened.append(real(index, keep_alive))
        return opened[-1]

    client.open_pit = open_pit  # type: ignore[method-assign]
    poll = source(cluster, page_size=5).poll(None)
    first = next(poll)
    assert opened[0] is not None
    client.close_pit(opened[0])
    with pytest.raises(SourceError, match="search_context_missing_exception"):
        list(poll)
    rest = ids(read(source(cluster, page_size=5), first.checkpoint)[0])
    assert sorted([*ids(first.records), *rest], key=int) == [str(n) for n in range(30)]
    assert len(set(opened)) == 2


def test_strange_values_arrive_as_they_were_stored(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": event(1, word="\ud800", big=1, s="x" * 2**20)})
    (record,), _ = read(source(cluster))
    assert record.document["word"] in ("\ud800", "?", "\ufffd")
    assert len(record.document["s"]) == 2**20


def test_the_time_of_t0_is_the_first_event(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {"1": event(0)})
    assert ids(read(source(cluster, start=T0))[0]) == ["1"]
