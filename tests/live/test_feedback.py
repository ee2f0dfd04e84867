"""Verdicts on alerts in real servers, and what they do to later ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.search import AlertSink, ClusterActions, ClusterAlerts
from engine.feedback.standing import Standing, Weighed
from engine.ports import Alert
from tests.engine.helpers import fail_on_problem
from tests.live.fixtures import Cluster
from tests.vedette.why.documents import alert
from vedette import feedback
from vedette.digest.collect import of_store
from vedette.stored import Stored

pytestmark = pytest.mark.live

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_verdicts_are_added_once_read_again_and_weigh_what_comes_later(cluster: Cluster) -> None:
    client, namespace = cluster.client, cluster.namespace
    actions = ClusterActions(client, namespace)
    store = Stored(ClusterAlerts(client, namespace), actions, "here")
    sink = AlertSink(client, namespace)
    weighed = Weighed(sink, Standing(actions, lambda: NOW, fail_on_problem))
    ids = [f"{number}" * 40 for number in range(1, 4)]
    sink.write([Alert(id, NOW, alert(id=id)) for id in ids])
    client.refresh(sink.alias)
    for _ in range(2):
        feedback.add(store, ids, "false", "our own scanner", "bo", NOW)
    client.refresh(actions.index)
    assert len(feedback.verdicts(store)) == 3
    assert [row["counts"] for row in feedback.rows(store, None, "false")] == ["yes"] * 3
    assert len(list(feedback.audit_rows(store, None))) >= 2
    filters = [{"term": {"verdict": "false"}}, {"match": {"reason": "scanner"}}]
    assert client.count(actions.index, {"bool": {"filter": filters}}) == 3
    weighed.write([Alert("9" * 40, NOW, alert(id="9" * 40))])
    client.refresh(sink.alias)
    query = {"bool": {"filter": [
        {"term": {"vedette.alert.feedback.false": 3}}, {"range": {"event.risk_score": {"lt": 73}}},
    ]}}  # fmt: skip
    assert client.count(sink.alias, query) == 1
    figures = of_store(store, NOW.replace(hour=0), NOW.replace(hour=23))
    assert (figures.total, figures.verdicts["false"]) == (4, 3)
