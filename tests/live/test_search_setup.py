"""Setting up on real servers: made once, recognised afterwards, and what it made is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.search import AlertSink, codec
from connectors.search.setup import Setup, steps
from tests.live.fixtures import Cluster
from tests.live.helpers import alert

pytestmark = pytest.mark.live

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def made(cluster: Cluster, keep: timedelta | None = None) -> dict[str, str]:
    wanted = steps(cluster.client.kind, cluster.namespace, NOW, keep)
    outcomes = Setup(cluster.client, cluster.namespace).run(wanted)
    return {f"{o.step.what} {o.step.name}": f"{o.state} {o.detail}".strip() for o in outcomes}


def test_the_second_time_everything_is_recognised(cluster: Cluster) -> None:
    assert set(made(cluster).values()) == {"created"}
    assert set(made(cluster).values()) == {"there"}
    sink = AlertSink(cluster.client, cluster.namespace, clock=lambda: NOW)
    sink.prepare()
    assert sink.write([alert("a")]).created == 1
    assert set(made(cluster).values()) == {"there"}


def test_a_plain_server_has_no_lifecycle_and_says_so_in_one_line(cluster: Cluster) -> None:
    found = made(cluster, timedelta(days=365))
    told = found.pop(f"policy vedette-alerts-{cluster.namespace}")
    assert told.startswith("unavailable this server has no I")
    assert set(found.values()) == {"created"}
    assert not any(name.startswith("component") for name in found)


def test_what_an_older_version_left_is_completed_and_a_foreign_shape_is_told(
    cluster: Cluster,
) -> None:
    state, letters = (
        f"vedette-state-{cluster.namespace}",
        f"vedette-dead-letter-{cluster.namespace}",
    )
    old = {"mappings": {"dynamic": False, "properties": {"source": {"type": "keyword"}}}}
    cluster.client.create_index(state, old)
    cluster.client.create_index(letters, {"mappings": {"properties": {"error": {"type": "long"}}}})
    found = made(cluster)
    assert found[f"index {state}"].startswith("changed")
    assert "source.ignore_above is missing" in found[f"index {state}"]
    assert made(cluster)[f"index {state}"] == "there"
    assert found[f"index {letters}"].startswith("differs")
    assert "error.type is long, not text" in found[f"index {letters}"]


def test_settings_of_ones_own_come_in_by_a_component_where_one_may_be_missing(
    cluster: Cluster,
) -> None:
    alias = f"logs-vedette.alerts-{cluster.namespace}"
    body = {"template": {"settings": {"index": {"refresh_interval": "7s"}}}}
    cluster.client.send("PUT", f"/_component_template/{alias}@custom", body)
    made(cluster)
    answer = codec.dumps(cluster.client.send("GET", f"/{alias}-2026.11/_settings"))
    assert (b'"refresh_interval":"7s"' in answer) == (cluster.kind == "elasticsearch")
