"""One pass of `vedette run` over the events of a node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.detect import Detector
from engine.errors import Problem
from engine.normalise import normalise
from engine.ports import Document, Record
from engine.rule import Rule
from tests.bench.elastalert_node import INDEX, Node
from tests.bench.elastalert_peer import Outcome, Pair
from tests.bench.elastalert_process import Child, clean_environment
from tests.conftest import ROOT

LOADED, READ = "alerts go to", re.compile(r"source events: \d+ events read in ")
LOOK = 0.02
"""Seconds from one look at its log to the next."""


def oracle(rules: Sequence[Rule], events: Iterable[Document]) -> frozenset[Pair]:
    """What the engine finds in events as they are indexed, rule id and number."""
    problems: list[Problem] = []
    detector = Detector(rules, problems.append)
    pairs: set[Pair] = set()
    for event in events:
        found = detector.match(normalise(Record(event, "bench")))
        pairs |= {(match.rule.id, event["number"]) for match in found}
    assert not problems, problems[:3]
    return frozenset(pairs)


def copied(rules: Sequence[Rule], folder: Path) -> Path:
    """The rules' files in a folder of their own."""
    folder.mkdir(parents=True)
    for number, rule in enumerate(rules):
        shutil.copy(rule.file, folder / f"{number:05}.yml")
    return folder


@dataclass(frozen=True)
class Prepared:
    """Settings and indices that are ready for `vedette run`."""

    settings: Path
    environment: Mapping[str, str]

    def begin(self, *options: str) -> Child:
        """Start it."""
        return Child(self._command("run", *options), self.log, ROOT, self.environment)

    def set_up(self) -> None:
        """Make its indices."""
        subprocess.run(
            self._command("setup"), cwd=ROOT, env=self.environment, check=True, capture_output=True
        )

    @property
    def log(self) -> Path:
        """Where it says what it does."""
        return self.settings.with_name("log")

    def _command(self, name: str, *options: str) -> list[str]:
        return [sys.executable, "-m", "vedette", name, *options, "-c", str(self.settings)]


def prepare(
    node: Node, rules: Sequence[Rule], folder: Path, namespace: str, source: Mapping[str, Any]
) -> Prepared:
    """Settings with some options of the one source, and the indices that they need."""
    folder.mkdir(parents=True)
    settings = {
        "namespace": namespace,
        "rules": {"paths": [str(copied(rules, folder / "rules"))]},
        "cluster": {"kind": node.server.kind, "hosts": [node.server.url]},
        "sources": [
            {"type": "search", "name": "events", "index": INDEX, "refresh_lag": "0s", **source}
        ],
        "tuning": {"cap": 0},  # every match alerts, as it does there
    }
    (folder / "vedette.yml").write_text(json.dumps(settings))  # JSON is YAML
    environment = {**clean_environment(), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    prepared = Prepared(folder / "vedette.yml", environment)
    prepared.set_up()
    return prepared


def run(
    node: Node,
    rules: Sequence[Rule],
    events: int,
    folder: Path,
    namespace: str,
    page: int,
    prefilter: str,
) -> Outcome:
    """`vedette run --until-idle` over all events; the pass ends when the first poll has.

    What it keeps in the cluster is made beforehand, by `vedette setup`, as ElastAlert's is.
    """
    source = {"start": "all", "page_size": page, "interval": "1s", "prefilter": prefilter}
    prepared = prepare(node, rules, folder, namespace, source)
    before = node.counts()
    child = prepared.begin("--until-idle")
    loaded = read = 0.0
    while child.ended() is None:
        text = child.text()
        loaded = loaded or (time.monotonic() if LOADED in text else 0.0)
        read = read or (time.monotonic() if READ.search(text) else 0.0)
        time.sleep(LOOK)
    if child.ended() or not READ.search(child.text()):
        raise RuntimeError(f"vedette run failed:\n{child.text()[-2000:]}")
    return Outcome(
        name=f"vedette run (prefilter: {prefilter})",
        events=events,
        rules=len(rules),
        seconds=(read or time.monotonic()) - loaded,
        load=loaded - child.started,
        cpu=child.cpu,
        peak=child.peak,
        node=node.counts().since(before),
        alerts=alerts(node, namespace),
    )


def alerts(node: Node, namespace: str) -> Counter[Pair]:
    """The stored alerts, each as often as it is there."""
    found: Counter[Pair] = Counter()
    for hit in node.server.alerts(namespace):
        document = hit["_source"]
        for event in document["vedette"]["alert"]["source_events"]:
            found[document["rule"]["uuid"], event["number"]] += 1
    return found
