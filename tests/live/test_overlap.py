"""An overlap with many events on real servers: counts tell what is new, and only that is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.search import SearchSource
from engine.ports import Checkpoint
from tests.live.fixtures import Cluster
from tests.live.helpers import at, event, ids, put

pytestmark = pytest.mark.live

EVENTS = 1500
"""In each of two indices, more than are read whole."""


class Run:
    """A source that is made anew for each poll, with no more than its checkpoint."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.now = cluster, 86_400.0
        self.checkpoint: Checkpoint | None = None
        self.read = 0
        """Documents that the last poll was given."""

    def poll(self, later: float = 1) -> list[str]:
        self.now += later
        self.read = 0
        source = SearchSource(
            self, "events", f"{self.cluster.prefix}-*", clock=lambda: at(self.now),  # type: ignore[arg-type]
            page_size=1000, max_seen=200, sweep=timedelta(minutes=5),
        )  # fmt: skip
        found: list[str] = []
        for batch in source.poll(self.checkpoint):
            found += ids(batch.records)
            self.checkpoint = batch.checkpoint
        return sorted(found)

    def search(self, body: Any, index: str | None = None) -> Any:
        answer = self.cluster.client.search(body, index)
        self.read += sum("_source" in hit for hit in answer["hits"]["hits"])
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cluster.client, name)


def test_only_what_is_new_is_read_of_a_crowded_overlap(cluster: Cluster) -> None:
    run = Run(cluster)
    for name, type in (("a", "date"), ("b", "date_nanos")):
        shape: dict[str, Any] = {
            "settings": {"index": {"number_of_shards": 2}},
            "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": type}}},
        }
        index = f"{cluster.prefix}-{name}"
        cluster.client.create_index(index, shape)
        put(cluster.client, index,
            {f"{name}{n}": event(run.now - 20 - n / 4) for n in range(EVENTS)})  # fmt: skip
    assert len(run.poll()) == 2 * EVENTS
    assert (run.poll(), run.read) == ([], 0)

    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"late": event(run.now - 300), "new": event(run.now - 5)})
    put(cluster.client, f"{cluster.prefix}-b", {"late-nanos": event(run.now - 300.0001)})
    put(cluster.client, index, {"a700": event(86_400 - 20 - 700 / 4, written="over")})
    cluster.client.send("DELETE", f"/{index}/_doc/a900")
    put(cluster.client, index, {"instead": event(86_400 - 20 - 900 / 4)})
    assert run.poll() == ["a700", "instead", "late", "late-nanos", "new"]
    assert run.read == 5
    assert (run.poll(), run.read) == ([], 0)
    # and the sweep, which takes over behind the overlap, finds all of it evaluated
    assert (run.poll(900), run.read) == ([], 0)
    put(cluster.client, index, {"later": event(86_400 - 300)})
    assert (run.poll(900), run.read) == (["later"], 1)
