"""Checkpoints in real servers: they survive, and no two instances share one."""

from __future__ import annotations

import pytest

from connectors.search import ClusterSettings, ClusterState, SearchSource, connect
from engine.errors import SettingsError, SourceError, StateError
from tests.live.fixtures import Cluster
from tests.live.helpers import at, event, ids, put, read

pytestmark = pytest.mark.live


def test_a_checkpoint_survives_its_instance(cluster: Cluster) -> None:
    state = ClusterState(cluster.client, cluster.namespace)
    assert state.load("events") is None
    state.commit("events", {"mark": 1, "seen": {"0": "abc"}}, {})
    state.commit("events", {"mark": 2, "odd": {"a.b": [None, {"": 1.5}]}}, {"h": 2})
    state.commit("other/source:*", {"mark": 9}, {})
    fresh = ClusterState(cluster.client, cluster.namespace)
    assert fresh.load("events") == {"mark": 2, "odd": {"a.b": [None, {"": 1.5}]}}
    assert fresh.occurrences("events", ["h", "i"]) == {"h": 2}
    assert fresh.load("other/source:*") == {"mark": 9}
    fresh.commit("events", None, {"i": 1})
    assert state.load("events") == fresh.load("events")
    assert state.occurrences("events", ["h", "i"]) == {"h": 2, "i": 1}


def test_the_second_of_two_writers_is_refused(cluster: Cluster) -> None:
    first = ClusterState(cluster.client, cluster.namespace)
    second = ClusterState(cluster.client, cluster.namespace)
    first.load("events")
    second.load("events")
    first.commit("events", {"mark": 1}, {})
    with pytest.raises(StateError, match=r"'events' .* changed by another instance"):
        second.commit("events", {"mark": 0}, {})
    assert second.load("events") == {"mark": 1}
    second.commit("events", {"mark": 2}, {})
    with pytest.raises(StateError):
        first.commit("events", {"mark": 3}, {})


def test_a_checkpoint_of_a_hundred_thousand_ids_is_stored(cluster: Cluster) -> None:
    state = ClusterState(cluster.client, cluster.namespace)
    checkpoint = {"seen": {str(n): "k" * 16 * 5000 for n in range(20)}}
    state.commit("events", checkpoint, {})
    assert ClusterState(cluster.client, cluster.namespace).load("events") == checkpoint


def test_a_source_goes_on_from_a_stored_checkpoint(cluster: Cluster) -> None:
    index = f"{cluster.prefix}-a"
    put(cluster.client, index, {"1": event(3500), "2": event(3510)})
    source = SearchSource(cluster.client, "events", index, clock=lambda: at(3600))
    _, checkpoint = read(source)
    ClusterState(cluster.client, cluster.namespace).commit("events", checkpoint, {})
    put(cluster.client, index, {"3": event(3505)})
    stored = ClusterState(cluster.client, cluster.namespace).load("events")
    assert ids(read(source, stored)[0]) == ["3"]


def test_the_kind_of_a_server_is_found_out(cluster: Cluster) -> None:
    client = connect(ClusterSettings(hosts=[cluster.url]))
    assert client.kind == cluster.kind
    client.close()


def test_a_client_for_the_other_server_says_so(opensearch_url: str) -> None:
    client = connect(ClusterSettings(hosts=[opensearch_url], kind="elasticsearch"))
    source = SearchSource(client, "events", "x-*")
    with pytest.raises(SourceError, match="the server is not Elasticsearch"):
        read(source)
    client.close()


def test_a_user_is_no_obstacle_where_security_is_off(cluster: Cluster) -> None:
    settings = ClusterSettings(
        hosts=[cluster.url],
        kind=cluster.kind,  # type: ignore[arg-type]
        username="elastic",
        password="secret",
    )
    client = connect(settings)
    assert client.count(f"{cluster.prefix}-*", {"match_all": {}}) == 0
    client.close()


def test_a_namespace_that_is_no_index_name_is_refused(cluster: Cluster) -> None:
    with pytest.raises(SettingsError, match="namespace"):
        ClusterState(cluster.client, "A/B")
