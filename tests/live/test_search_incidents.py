"""Incidents in real servers: found, replaced, merged, and searchable."""

from __future__ import annotations

import pytest

from connectors.search import ClusterIncidents
from engine.incident.keep import Keeper
from tests.connectors.test_incidents import keeps_the_contract
from tests.engine.incident.made import START, finding
from tests.live.fixtures import Cluster

pytestmark = pytest.mark.live


def test_a_cluster_keeps_the_contract(cluster: Cluster) -> None:
    store = ClusterIncidents(cluster.client, cluster.namespace)
    assert list(store.all()) == []
    keeps_the_contract(store)


def test_batches_become_one_incident_that_people_can_search(cluster: Cluster) -> None:
    namespace = f"{cluster.namespace}b"
    store = ClusterIncidents(cluster.client, namespace)
    keeper = Keeper(store, namespace, lambda: START)
    keeper.take([finding("a", user="k"), finding("b", 2, host="DC01")])
    keeper.take([finding("c", 4, host="DC01", user="k")])
    cluster.client.refresh(store.index)
    for term in ({"about.host": "dc01"}, {"techniques.id": "T1003.001"}, {"chain": "none"}):
        query = {"bool": {"filter": [{"term": term}, {"term": {"status": "open"}}]}}
        assert cluster.client.count(store.index, query) == ("chain" not in term), term
    by_risk = {"range": {"risk_score": {"gte": 50, "lte": 100}}}
    assert cluster.client.count(store.index, by_risk) == 2
    assert cluster.client.count(store.index, {"match": {"title": "LSASS"}}) == 2
