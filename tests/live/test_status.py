"""`vedette status` on real servers, before and after a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.search import AlertSink, ClusterState
from tests.live.fixtures import Cluster
from tests.live.helpers import alert, put
from vedette import status
from vedette.settings import Settings

pytestmark = pytest.mark.live

NOW = datetime.now(UTC)


def test_a_status_tells_what_the_parts_have_stored(cluster: Cluster) -> None:
    given = {
        "namespace": cluster.namespace,
        "cluster": {"hosts": [cluster.url], "kind": cluster.kind},
        "sources": [{"type": "search", "name": "logs", "index": f"{cluster.prefix}-*"}],
    }
    settings = Settings.model_validate(given, context={"environ": {}})
    before = status.look(settings, lambda: NOW)
    assert (before.alerts, before.dead_letters, before.error) == (0, 0, "")
    assert before.sources[0].reached == "not read yet"
    assert (before.sources[0].newest, before.sources[0].error) == (None, "")

    newest = NOW - timedelta(minutes=3)
    put(cluster.client, f"{cluster.prefix}-a", {"1": {"@timestamp": newest.isoformat()}})
    AlertSink(cluster.client, cluster.namespace).write([alert("a"), alert("b")])
    cluster.client.refresh(f"logs-vedette.alerts-{cluster.namespace}")
    state = ClusterState(cluster.client, cluster.namespace)
    mark = int((NOW - timedelta(minutes=4)).timestamp() * 1000)
    state.load("logs")
    state.commit("logs", {"version": 1, "mark": mark, "seen": {}}, {})

    after = status.look(settings, lambda: NOW)
    assert (after.alerts, after.error) == (2, "")
    (source,) = after.sources
    assert source.lag == pytest.approx(240, abs=1)
    assert source.newest is not None
    assert abs(source.newest - newest) < timedelta(seconds=1)
    assert source.stored is not None
    assert source.stored >= NOW
