"""A run whose model knows graphs finds on real servers who did what hardly anybody does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.search.names import ALERTS
from models.bundle import keep
from models.bundle.bundle import Bundle
from tests.engine.score.parts import record
from tests.engine.score.test_edges import GRAPHS, seen, users
from tests.live import whoami
from tests.live.fixtures import Cluster
from tests.live.helpers import put
from tests.live.process import Running, until
from vedette.bundles import ROOM

pytestmark = pytest.mark.live

RARELY = "bob"
"""Was there once while the model learned."""
NEVER = "eve"
AGO = timedelta(days=300)
"""What happened must be in the past for a run, by whichever clock."""


def learned(folder: Path) -> None:
    """A model of amy's minutes on a host, and of one of bob's."""
    once = [
        record(201 * 60 + step, 4624, TargetUserName=RARELY, SubjectUserName="amy")
        for step in range(3)
    ]
    bundle = Bundle.fit(seen([*users(200), *once]), GRAPHS)
    keep.save(bundle, folder)


def happened() -> dict[str, dict[str, Any]]:
    """An hour of amy's, a minute each of bob and eve, and an event that closes all windows."""
    found = [*users(60)]
    for minute, who in ((70, RARELY), (80, NEVER)):
        found += [
            record(minute * 60 + step, 4624, TargetUserName=who, SubjectUserName=who)
            for step in range(3)
        ]
    found.append(record(300 * 60, 4624, TargetUserName="amy", SubjectUserName="amy"))
    return {str(n): past(each.document) for n, each in enumerate(found)}


def past(document: dict[str, Any]) -> dict[str, Any]:
    time = datetime.fromisoformat(document["@timestamp"]) - AGO
    return {**document, "@timestamp": time.isoformat()}


def anomalies(cluster: Cluster) -> list[dict[str, Any]]:
    """What alerts of the model say, each with what explains it."""
    if not whoami.count(cluster.client, cluster.namespace):
        return []
    body = {"size": 100, "query": {"term": {"vedette.alert.kind": "anomaly"}}}
    hits = cluster.client.search(body, f"{ALERTS}{cluster.namespace}")["hits"]["hits"]
    return [hit["_source"]["vedette"]["alert"] for hit in hits]


def test_a_run_with_a_model_of_graphs_names_edges_that_are_new_and_rare(
    cluster: Cluster, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    learned(state / ROOM / "graphs")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "whoami.yml").write_text(whoami.RULE)
    index = f"{cluster.prefix}-events"
    put(cluster.client, index, happened())
    config = tmp_path / "vedette.yml"
    settings = {
        "namespace": cluster.namespace,
        "state": {"dir": str(state)},
        "rules": {"paths": [str(rules)], "cache": False},
        "cluster": {"kind": cluster.kind, "hosts": [cluster.url]},
        "models": {"names": ["graphs"], "alerts_a_day": 50},
        "sources": [
            {"type": "search", "name": "events", "index": index, "start": "all",
             "refresh_lag": "0s", "interval": "500ms"}
        ],
    }  # fmt: skip
    config.write_text(json.dumps(settings))  # JSON is YAML
    run = Running(["run", "-c", str(config)], tmp_path / "log")
    try:
        until(lambda: len(told(cluster)) == 2, "it alerts on both")
        run.end()
    finally:
        run.kill()
    assert {who: any("training never had" in text for text in texts)
            for who, texts in told(cluster).items()} == {RARELY: False, NEVER: True}  # fmt: skip


def told(cluster: Cluster) -> dict[str, list[str]]:
    """Who is named by an edge of an alert, and in which words."""
    found: dict[str, list[str]] = {}
    for alert in anomalies(cluster):
        for reason in alert["explanation"]:
            for who in (RARELY, NEVER):
                if reason["text"].startswith(f"user-host: {who} →"):
                    found.setdefault(who, []).append(reason["text"])
    return found
