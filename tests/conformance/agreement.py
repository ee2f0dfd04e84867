"""Hunts with the fast evaluator and with the reference: the same alerts, word for word."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

import vedette.hunt
from engine.detect import Detector, ReferenceGroup
from engine.ports import Document
from engine.rule import RuleSet
from tests.conformance.recordings import Recording, numbered
from vedette.hunt import Hunt, hunt
from vedette.output.summary import Summary

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""When all hunts run, so that their alerts may be compared whole."""


@dataclass(frozen=True)
class Agreement:
    """What two hunts through one file found."""

    name: str
    events: int
    alerts: int
    differing: list[str]
    """Ids of alerts that one has and the other has not, or has otherwise."""


@dataclass
class Alerts:
    """A writer that keeps alerts by id, without the id of the hunt itself."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def alert(self, document: Document) -> None:
        kept: dict[str, Any] = orjson.loads(orjson.dumps(document))
        del kept["vedette"]["alert"]["execution"]["id"]
        self.documents[kept["vedette"]["alert"]["id"]] = kept

    def close(self, summary: Summary) -> None:
        pass


def compare(path: Path, rules: RuleSet) -> Agreement:
    """Hunt through a file twice; evidence, explanation and ids count, as all of the alert does."""
    fast, slow = Alerts(), Alerts()
    found = hunt(Hunt([path], rules), fast, clock=lambda: NOW)
    reference = partial(Detector, group=ReferenceGroup)
    with patch.object(vedette.hunt, "Detector", reference):
        wanted = hunt(Hunt([path], rules), slow, clock=lambda: NOW)
    assert found.summary.events == wanted.summary.events
    ids = fast.documents.keys() | slow.documents.keys()
    differing = sorted(i for i in ids if fast.documents.get(i) != slow.documents.get(i))
    if found.summary.problems.counts != wanted.summary.problems.counts:
        differing.append("the problems told")
    return Agreement(path.name, wanted.summary.events, len(slow.documents), differing)


def sample(recordings: Sequence[Recording], total: int, rules: RuleSet, folder: Path) -> Agreement:
    """Both hunts through events spread over all recordings."""
    file = folder / "sample.ndjson"
    file.write_bytes(b"".join(orjson.dumps(e) + b"\n" for e in numbered(list(recordings), total)))
    return compare(file, rules)


def whole(
    recordings: Sequence[Recording], rules: RuleSet, kept: Path | None
) -> Iterator[Agreement]:
    """Both hunts through every recording, on all cores; not again through those in `kept`."""
    left: list[Recording] = []
    for recording in sorted(recordings, key=lambda r: -r.events):
        file = kept / f"{recording.name}.json" if kept else None
        if file and file.exists():
            yield Agreement(**json.loads(file.read_text()))
        else:
            left.append(recording)
    context = multiprocessing.get_context("fork")  # the rules are inherited, not pickled
    with context.Pool(os.cpu_count(), _inherit, (rules,)) as pool:
        for result in pool.imap_unordered(_compare, [recording.path for recording in left]):
            if kept:
                kept.mkdir(parents=True, exist_ok=True)
                name = result.name.removesuffix(".ndjson.zst")
                (kept / f"{name}.json").write_text(json.dumps(asdict(result)))
            yield result


_inherited: list[RuleSet] = []


def _inherit(rules: RuleSet) -> None:
    _inherited.append(rules)


def _compare(path: Path) -> Agreement:
    return compare(path, _inherited[0])
