"""A run whose cluster goes away ends when it is told to, and does not wait the outage out."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.live.fixtures import Cluster
from tests.live.instances import House, fill
from tests.live.process import until
from tests.reliability.proxy import before

pytestmark = pytest.mark.live

EVENTS = 30
FEW = 8
"""Requests that may still follow, each once; one operation's waits are eight of them."""


def test_sigterm_cuts_short_the_waits_for_a_cluster_that_is_away(
    cluster: Cluster, tmp_path: Path
) -> None:
    away = False
    index = f"{cluster.prefix}-events"
    fill(cluster.client, index, EVENTS)
    with before(cluster.url, lambda method, path: 503 if away else None) as proxy:
        house = House(cluster.client, proxy.url, index, cluster.namespace, tmp_path)
        run = house.start()
        try:
            until(lambda: house.count() >= EVENTS // 3, "it alerts")
            away = True
            until(lambda: proxy.refused.get(503, 0) >= 2, "it meets the outage")
            asked = proxy.refused[503]
            run.send(signal.SIGTERM)
            assert run.wait(120) == 0, run.log
        finally:
            house.stop()
        assert proxy.refused[503] - asked <= FEW, run.log
