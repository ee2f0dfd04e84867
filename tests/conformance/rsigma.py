"""rsigma, another engine for Sigma rules, run beside ours when it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.normalise import normalise
from engine.ports import Record
from tests.bench import peers

VERSION = "0.26.0"
"""The version that the explanations are of."""

PARTS = ("product", "service", "category")
"""Of a log source, as rsigma reads them from an event by itself."""
Pair = tuple[str, int]
"""A rule's id and an event's number."""


@dataclass(frozen=True)
class Program:
    """An installed rsigma and the rules it is given."""

    path: str
    version: str
    rules: Path

    @classmethod
    def found(cls, rules: Path) -> Program | None:
        """The one that `VEDETTE_TEST_RSIGMA` names, else the one on the path, if any."""
        path = os.environ.get("VEDETTE_TEST_RSIGMA") or shutil.which("rsigma")
        if path is None:
            return None
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
        return cls(path, done.stdout.split()[1], rules)

    def matches(self, events: Iterable[Mapping[str, Any]], folder: Path) -> set[Pair]:
        """The rules that match events with tags and a `number`."""
        file = folder / "tagged.ndjson"
        with file.open("wb") as written:
            written.writelines(orjson.dumps(event) + b"\n" for event in events)
        command = [
            self.path, "engine", "eval", "--rules", str(self.rules), "--logsource-routing",
            "--quiet", "--input-format", "json", "--output-format", "ndjson", "--include-event",
            "--event", f"@{file}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"rsigma ended with {done.returncode}: {done.stderr[-500:]!r}")
        found = (orjson.loads(line) for line in done.stdout.splitlines())
        return {(match["rule_id"], match["event"]["number"]) for match in found}


def tagged(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event with one product, service and category, as rsigma routes by."""
    normal = normalise(Record(event, "recording"))
    if channel := normal.first("Channel"):
        told = {"Channel": channel, "EventID": normal.first("EventID"), **event}
        windows: dict[str, Any] = orjson.loads(peers.tagged(orjson.dumps(told)))
        return windows
    if zeek := event.get("@stream"):
        told = {"product": "zeek", "service": zeek}
    else:
        told = {part: normal.first(f"logsource.{part}") for part in PARTS}
    return {**event, **{part: tag for part, tag in told.items() if tag}}
