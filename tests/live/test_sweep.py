"""Late events, gaps and the ledger on real servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.search import ClusterLedger, SearchSource
from connectors.search.sketch import FEW
from engine.ledger import gaps
from engine.ports import Batch, Checkpoint
from tests.live.fixtures import Cluster
from tests.live.helpers import at, event, ids, put

pytestmark = pytest.mark.live
DAY = 86_400


class Run:
    """A source on a test's clock, whose checkpoint is kept."""

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        self.now = 10.0 * DAY
        how: dict[str, Any] = {"sweep": timedelta(minutes=5), "page_size": 100, **options}
        self.source = SearchSource(
            cluster.client, "events", f"{cluster.prefix}-*", clock=lambda: at(self.now), **how
        )
        self.checkpoint: Checkpoint | None = None
        self.notes: list[Any] = []

    def poll(self, later: float = 0) -> list[str]:
        self.now += later
        found: list[Batch] = []
        for batch in self.source.poll(self.checkpoint):
            self.checkpoint = batch.checkpoint
            self.notes += batch.notes
            found.append(batch)
        return [name for batch in found for name in ids(batch.records)]


def test_late_events_are_found_once_among_many(cluster: Cluster) -> None:
    run = Run(cluster)
    time = run.now - 3 * 3600
    for name in ("a", "b"):
        index = f"{cluster.prefix}-{name}"
        shape: dict[str, Any] = {"settings": {"index": {"number_of_shards": 2}}}
        if name == "b":
            times = {"properties": {"@timestamp": {"type": "date_nanos"}}}
            shape["mappings"] = times
        cluster.client.create_index(index, shape)
        put(cluster.client, index, {f"{name}{n}": event(time + n) for n in range(FEW * 5)})
        put(cluster.client, index, {f"{name}-now": event(run.now - 60)})
    assert len(run.poll()) == 2 * (FEW * 5 + 1)
    assert run.poll(30) == []
    for name in ("a", "b"):
        put(cluster.client, f"{cluster.prefix}-{name}", {f"late-{name}": event(time + 0.5)})
    assert sorted(run.poll(600)) == ["late-a", "late-b"]
    assert run.poll(600) == []
    assert [(note.kind, note.count) for note in run.notes] == [("late", 2)]


def test_what_is_later_still_is_a_gap_in_the_ledger(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    run = Run(cluster)
    put(cluster.client, index, {str(n): event(run.now - 4 * DAY + n) for n in range(5)})
    put(cluster.client, index, {"now": event(run.now - 60)})
    run.poll()
    put(cluster.client, index, {"late": event(run.now - 4 * DAY)})
    assert run.poll(3 * 3600) == []
    ledger = ClusterLedger(cluster.client, cluster.namespace)
    assert list(ledger.notes()) == []
    assert ledger.record(run.notes) == 1
    assert ledger.record(run.notes) == 0
    (gap,) = gaps(ledger.notes("events", gaps=True))
    assert (gap.note.kind, gap.note.count, gap.state) == ("too-late", 1, "open")
    ledger.record([gap.last.changed("filled", 1, "by hand")])
    (gap,) = gaps(ledger.notes("events", gaps=True))
    assert gap.state == "filled"
