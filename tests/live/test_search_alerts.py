"""Alerts in real servers, read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.search import AlertSink, ClusterAlerts
from connectors.search import alerts as module
from engine.ports import Alert
from tests.live.fixtures import Cluster
from tests.vedette.why.documents import alert

pytestmark = pytest.mark.live

START = datetime(2026, 11, 20, tzinfo=UTC)


def test_alerts_are_found_by_id_and_time_across_months_and_pages(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    alerts = ClusterAlerts(cluster.client, cluster.namespace)
    assert list(alerts.written()) == alerts.find("aa") == []
    ids = ["dd01", "aa02", "bb03", "bb04", "cc05"]
    made = []
    for number, id in enumerate(ids):
        document = alert(id=id)
        document["@timestamp"] = (START + timedelta(hours=number)).isoformat()
        made.append(Alert(id, START + timedelta(days=20 * number), document))
    AlertSink(cluster.client, cluster.namespace).write(made)
    cluster.client.refresh(alerts.alias)
    assert [each["event"]["id"] for each in alerts.written()] == ids
    assert [each["event"]["id"] for each in alerts.find("bb")] == ["bb03", "bb04"]
    since, until = START + timedelta(hours=1), START + timedelta(hours=3)
    assert [each["event"]["id"] for each in alerts.written(since, until)] == ["aa02", "bb03"]
