"""Anomalies in real servers: rules and models over one stream, every field findable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.search import AlertSink
from engine.detect import Detector
from engine.errors import Problems
from engine.ports import Batch, Checkpoint, Record
from engine.rule import Selection
from engine.run import MemoryState, Pipeline
from engine.score.anomaly import Proposed
from engine.score.ensemble import Ensemble
from tests.engine.score.parts import maker
from tests.engine.score.test_ensemble import Technique
from tests.live.fixtures import Cluster
from vedette import bundles, rulesets
from vedette.demo.day import START, generate

pytestmark = pytest.mark.live

DAY_AFTER = START + timedelta(days=1)

EVERY = (
    "@timestamp", "ecs.version", "message", "event.kind", "event.category", "event.module",
    "event.dataset", "event.severity", "event.risk_score", "event.reason", "event.start",
    "event.end", "event.created", "event.ingested", "rule.uuid", "rule.name", "rule.version",
    "rule.ruleset", "rule.category", "related.user", "related.hosts", "host.name", "user.name",
    "vedette.alert.status", "vedette.alert.level", "vedette.alert.confidence",
    "vedette.alert.depth", "vedette.alert.original_time", "vedette.alert.dedup_key",
    "vedette.alert.entity.field", "vedette.alert.entity.value", "vedette.alert.ancestors.index",
    "vedette.alert.ancestors.type", "vedette.alert.ancestors.line",
    "vedette.alert.ancestors_total", "vedette.alert.scores.fused",
    "vedette.alert.scores.percentile", "vedette.alert.scores.threshold",
    "vedette.alert.scores.extrapolated", "vedette.alert.scores.detectors.name",
    "vedette.alert.scores.detectors.p", "vedette.alert.scores.detectors.percentile",
    "vedette.alert.model.id", "vedette.alert.model.version", "vedette.alert.model.sha256",
    "vedette.alert.explanation.feature", "vedette.alert.explanation.contribution",
    "vedette.alert.explanation.text", "vedette.alert.attack.version",
    "vedette.alert.source_events", "vedette.alert.source_events_total",
    "vedette.alert.execution.id", "vedette.alert.execution.type",
)  # fmt: skip
"""What §3 of the design asks of every alert, as far as an anomaly has it."""

SOME = (
    "threat.framework", "threat.tactic.id", "threat.tactic.name", "threat.tactic.reference",
    "threat.technique.id", "threat.technique.name", "threat.technique.reference",
    "threat.technique.subtechnique.id", "related.ip", "source.ip",
    "vedette.alert.corroborated_by.id", "vedette.alert.corroborated_by.name",
    "vedette.alert.corroborated_by.times", "vedette.alert.attack.source",
    "vedette.alert.ancestors.id", "vedette.alert.attack.candidates.id",
    "vedette.alert.attack.candidates.name", "vedette.alert.attack.candidates.tactic",
    "vedette.alert.attack.candidates.confidence", "vedette.alert.attack.candidates.because",
)  # fmt: skip
"""What some of them have."""

OF_RULES = (
    "rule.author", "rule.license", "rule.reference", "source.port", "destination.ip",
    "destination.port", "destination.domain", "process.executable", "process.command_line",
    "process.parent.executable", "related.hash", "vedette.alert.confidence",
    "vedette.alert.attack.source",
)  # fmt: skip
"""What stands in alerts of rules beside them."""


class Day:
    """The demo's day in one batch, as lines of a file."""

    name = "day"

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        if checkpoint is None:
            day = enumerate(generate(ordinary=600), start=1)
            yield Batch([Record(each, "day.ndjson", line=n) for n, each in day], {"read": True})

    def close(self) -> None: ...


def test_alerts_of_rules_and_models_carry_every_field_of_the_design_and_can_be_found(
    cluster: Cluster,
) -> None:
    problems = Problems()
    rules = rulesets.load([], Selection())
    model = bundles.model(Path("none"), "demo-office")
    scorer = Ensemble(
        [model], maker(), problems, alerts_a_day=50, techniques=lambda _: Proposed([Technique(0.7)])
    )
    sink = AlertSink(cluster.client, cluster.namespace, report=problems)
    line = Pipeline(
        Detector(rules.rules, problems), maker(), sink, MemoryState(), lambda: DAY_AFTER,
        scorer=scorer,
    )  # fmt: skip
    line.drain(Day())
    line.finish()
    cluster.client.refresh(sink.alias)
    assert problems.counts == {}
    assert line.totals.written.dead == 0

    def count(kind: str, *wanted: dict[str, object]) -> int:
        asked = [{"term": {"vedette.alert.kind": kind}}, *wanted]
        return int(cluster.client.count(sink.alias, {"bool": {"filter": asked}}))

    anomalies = count("anomaly")
    assert anomalies > 5
    some = {field: count("anomaly", {"exists": {"field": field}}) for field in (*EVERY, *SOME)}
    few = {"host.name", "user.name", "related.user", "related.hosts"}  # of those who have any
    assert [field for field in EVERY if some[field] != anomalies and field not in few] == []
    assert [field for field in (*SOME, *few) if not some[field]] == []
    assert [f for f in OF_RULES if not count("sigma", {"exists": {"field": f}})] == []
    gravest = {"range": {"event.risk_score": {"gte": 90}}}
    assert count("anomaly", gravest, {"range": {"vedette.alert.scores.fused": {"lte": 0.05}}})
    assert count("anomaly", {"term": {"vedette.alert.entity.value": "dc01.corp.example.com"}})
    assert count("anomaly", {"match": {"vedette.alert.explanation.text.text": "training"}})
    assert count("anomaly", {"term": {"vedette.alert.model.id": "demo-office"}}) == anomalies
