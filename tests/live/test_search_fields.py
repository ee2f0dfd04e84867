"""Documents read in part from real servers: what rules read of them is what they read of all."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.search import SearchSource
from engine.errors import SourceError
from engine.normalise import normalise
from engine.paths import MOST, patterns
from engine.ports import Record
from engine.reads import ALWAYS
from tests.engine.test_paths import SHAPES, kept, labels, values
from tests.live.fixtures import Cluster
from tests.live.helpers import at, event, ids, put, read

pytestmark = pytest.mark.live

NAMES = frozenset({"ThreatName", "deep.ThreatName", "a.b", "list.x", "gone", "null"})
OTHERS: list[dict[str, Any]] = [
    {"a.b": 1, "message": "long"},
    {"a": {"b": [1.5, None, "x"], "c": 1}, "message": "long"},
    {"a": [{"b": 1}, {"b": 2, "c": 3}, {"c": 4}], "list": [{"x": {"y": [1]}}, {"z": 1}]},
    {"null": None, "a": {}, "list": [], "message": "long", "big": 2**63, "n": 1e300},
    {"winlog": {"event_data": {"a": {"b": "nested"}, "Junk": {"deep": 1}}, "channel": "x"}},
    {"winlog": {"user_data": {"ThreatName": "x"}, "channel": "x", "event_id": 7}},
]


def source(cluster: Cluster, **options: Any) -> SearchSource:
    return SearchSource(cluster.client, "events", f"{cluster.prefix}-*", clock=lambda: at(3600),
                        **options)  # fmt: skip


def mapped_not_at_all(cluster: Cluster) -> None:
    mapping = {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}}
    cluster.client.create_index(f"{cluster.prefix}-a", {"mappings": mapping})


def test_what_is_read_of_a_part_is_what_is_read_of_the_whole(cluster: Cluster) -> None:
    mapped_not_at_all(cluster)
    documents = [event(n, **shape) for n, shape in enumerate([*SHAPES, *OTHERS])]
    put(cluster.client, f"{cluster.prefix}-a", {f"{n:03}": d for n, d in enumerate(documents)})
    names = NAMES | ALWAYS
    wanted = patterns(names)
    records, _ = read(source(cluster, fields=lambda: wanted))
    assert len(records) == len(documents)
    for record, document in zip(records, documents, strict=True):
        whole, part = normalise(Record(document, "o")), normalise(record)
        assert values(part, names) == values(whole, names)
        assert labels(part) == labels(whole)
        assert part.time == whole.time


def test_what_nobody_reads_stays_in_the_cluster(cluster: Cluster) -> None:
    mapped_not_at_all(cluster)
    document = event(1, winlog={"event_data": {"Image": "x", "Junk": "y"}}, tags=["t"])
    put(cluster.client, f"{cluster.prefix}-a", {"1": document})
    wanted = patterns({"Image", "@timestamp"})
    (record,), _ = read(source(cluster, fields=lambda: wanted))
    assert record.document == kept(document, wanted)
    assert record.document["winlog"] == {"event_data": {"Image": "x"}}


def test_as_many_paths_as_are_ever_asked_for_are_taken(cluster: Cluster) -> None:
    mapped_not_at_all(cluster)
    put(cluster.client, f"{cluster.prefix}-a", {"1": event(1, x=1)})
    wanted = None
    for number in range(100, MOST):
        many = patterns(ALWAYS | {f"AFieldOfARuleWithALongName{n:04}" for n in range(number)})
        if many is None or "winlog.event_data" in many:
            break
        wanted = many
    assert wanted
    assert MOST - len(wanted) < 5
    (record,), _ = read(source(cluster, fields=lambda: wanted))
    assert "x" not in record.document


def test_slices_of_real_servers_give_every_event_once_and_in_order(cluster: Cluster) -> None:
    for name, shards in (("a", 1), ("b", 3)):
        settings = {"settings": {"index": {"number_of_shards": shards}}}
        cluster.client.create_index(f"{cluster.prefix}-{name}", settings)
        put(cluster.client, f"{cluster.prefix}-{name}",
            {f"{name}{n}": event(n // 4) for n in range(60)})  # fmt: skip
    expected, checkpoint = read(source(cluster, page_size=25))
    assert len(expected) == 120
    for slices in (2, 5):
        records, again = read(source(cluster, page_size=9, slices=slices))
        assert [r.id for r in records] == [r.id for r in expected]
        assert again == checkpoint


def test_a_slice_whose_view_is_gone_moves_nothing(cluster: Cluster) -> None:
    put(cluster.client, f"{cluster.prefix}-a", {str(n): event(n) for n in range(60)})
    client, opened = cluster.client, []
    real = client.open_pit

    def open_pit(index: str, keep_alive: str) -> str | None:
        opened.append(real(index, keep_alive))
        return opened[-1]

    client.open_pit = open_pit  # type: ignore[method-assign]
    poll = source(cluster, page_size=5, slices=2).poll(None)
    first = next(poll)
    client.close_pit(opened[0] or "")
    found = [first]
    with pytest.raises(SourceError, match="search_context_missing_exception"):
        found.extend(poll)
    rest, _ = read(source(cluster, page_size=5, slices=2), found[-1].checkpoint)
    names = ids([record for batch in found for record in batch.records] + rest)
    assert names == [str(n) for n in range(60)]
