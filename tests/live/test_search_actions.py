"""The actions stream in real servers: nothing twice, and all of it found again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.search import ClusterActions
from connectors.search import actions as module
from engine.ports import Action
from engine.tune.action import projected
from tests.live.fixtures import Cluster

pytestmark = pytest.mark.live


def action(id: str, held: str, count: int, hour: int) -> Action:
    time = f"2026-11-23T{hour:02}:00:00.000Z"
    document: dict[str, Any] = {
        "@timestamp": time, "kind": "suppressed", "held": held, "source": "logs",
        "rule": {"id": "r", "name": "A rule"}, "by": "one an hour",
        "key": [{"field": "host", "value": "x" * 3000}],
        "window": {"start": time, "end": time}, "count": count, "first": time, "last": time,
        "alert": "a",
    }  # fmt: skip
    return Action(id, document)


def test_actions_are_added_once_and_read_page_by_page(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    actions = ClusterActions(cluster.client, cluster.namespace)
    assert list(actions.read()) == []
    told = [action(f"a{n}", f"window {n % 2}", n, n) for n in range(5)]
    actions.record(told)
    actions.record([*told, action("a0", "window 0", 99, 1)])
    cluster.client.refresh(actions.index)
    assert [document["count"] for document in projected(actions.read())] == [4, 3]
    since = datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert sorted(document["count"] for document in actions.read(since)) == [3, 4]
    query = {
        "bool": {"filter": [{"term": {"kind": "suppressed"}}, {"range": {"count": {"gt": 2}}}]}
    }
    assert cluster.client.count(actions.index, query) == 2
    ClusterActions(cluster.client, cluster.namespace).record(told)
    cluster.client.refresh(actions.index)
    assert cluster.client.count(actions.index, {"match_all": {}}) == 5
