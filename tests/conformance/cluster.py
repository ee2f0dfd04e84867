"""On a real server: the alerts behind the alias are those of a hunt, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.ports import Document
from engine.rule import RuleSet
from tests.conformance.recordings import Recording, numbered
from tests.conformance.winlogbeat import document
from vedette.hunt import Hunt, hunt
from vedette.output.summary import Summary

Pair = tuple[int, str]
"""An event's number and a rule's id: one alert, whatever it is called."""


@dataclass
class Numbers:
    """A writer that keeps the number and rule of each alert."""

    pairs: Counter[Pair] = field(default_factory=Counter)

    def alert(self, document: Document) -> None:
        self.pairs[pair(document)] += 1

    def close(self, summary: Summary) -> None:
        pass


def pair(alert: Document) -> Pair:
    """Which event and rule an alert is about."""
    event = alert["vedette"]["alert"]["source_events"][0]
    return event["number"], alert["rule"]["uuid"]


@dataclass
class Server:
    """A node under test, spoken to in plain HTTP so that no code of ours is trusted here."""

    kind: str
    url: str
    seconds: float = 60
    """How long an answer may take."""

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}{path}", body, {"content-type": "application/json"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=self.seconds) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def index(self, name: str, documents: Iterable[Mapping[str, Any]]) -> int:
        """Put documents into a new index that maps only the time."""
        mapping = {
            "settings": {"number_of_replicas": 0},
            "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}},
        }
        self.call("PUT", f"/{name}", json.dumps(mapping).encode())
        lines: list[bytes] = []
        total = 0
        for item in documents:
            lines += [b'{"create":{"_id":"%d"}}' % item["number"], orjson.dumps(item)]
            total += 1
            if len(lines) >= 1000:
                self._bulk(name, lines)
        self._bulk(name, lines)
        self.call("POST", f"/{name}/_refresh")
        return total

    def _bulk(self, name: str, lines: list[bytes]) -> None:
        if lines:
            answer = self.call("POST", f"/{name}/_bulk", b"\n".join(lines) + b"\n")
            assert not answer["errors"], answer
            lines.clear()

    def alerts(self, namespace: str) -> list[dict[str, Any]]:
        """Every alert behind the alias, as hits."""
        alias = f"logs-vedette.alerts-{namespace}"
        self.call("POST", f"/{alias}/_refresh")
        found: list[dict[str, Any]] = []
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {"size": 1000, "sort": [{"vedette.alert.id": "asc"}]}
            if after:
                body["search_after"] = after
            hits = self.call("POST", f"/{alias}/_search", json.dumps(body).encode())["hits"]["hits"]
            if not hits:
                return found
            found += hits
            after = hits[-1]["sort"]

    def count(self, namespace: str) -> int:
        """How many alerts there are now; 0 while there is no index."""
        try:
            self.call("POST", f"/logs-vedette.alerts-{namespace}/_refresh")
            answer = self.call("GET", f"/logs-vedette.alerts-{namespace}/_count")
        except urllib.error.HTTPError:
            return 0
        count: int = answer["count"]
        return count

    def forget(self, namespace: str) -> None:
        """Delete the alerts, checkpoints and notes of a namespace."""
        names = self.call("GET", f"/logs-vedette.alerts-{namespace}/_alias")
        for name in (*names, f"vedette-state-{namespace}", f"vedette-ledger-{namespace}"):
            self.call("DELETE", f"/{name}?ignore_unavailable=true")


class Run:
    """`vedette run --until-idle` on one index, as a process of its own."""

    def __init__(self, server: Server, index: str, namespace: str, rules: Path, folder: Path):
        self.folder = folder / namespace
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "namespace": namespace,
            "rules": {"paths": [str(rules)]},
            "tuning": {"cap": 0},  # a hunt, which it is compared with, has none
            "cluster": {"kind": server.kind, "hosts": [server.url]},
            "sources": [
                {"type": "search", "name": "events", "index": index, "start": "all",
                 "page_size": 500, "refresh_lag": "0s", "interval": "1s"}
            ],
        }  # fmt: skip
        self.config = self.folder / "vedette.yml"
        self.config.write_text(json.dumps(settings))  # JSON is YAML
        self.log = self.folder / "log"

    def start(self) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
        root = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-m", "vedette", "run", "-c", str(self.config), "--until-idle"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, stderr=log, stdout=log, cwd=root, env=environment, start_new_session=True
            )

    def finish(self) -> None:
        code = self.start().wait(timeout=1800)
        assert code == 0, f"vedette run ended with {code}:\n{self.log.read_text()[-3000:]}"

    def killed(self, server: Server, namespace: str, after: int) -> int:
        """Start, and kill -9 as soon as there are that many alerts; how many there were."""
        process = self.start()
        while process.poll() is None:
            stored = server.count(namespace)
            if stored >= after:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return server.count(namespace)
            time.sleep(0.05)
        raise AssertionError("the run ended before it could be killed")


@dataclass
class Verdict:
    """What one server showed, as lines, and whether all of it is as promised."""

    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def check(self, holds: bool, text: str) -> None:
        self.lines.append(f"{'ok  ' if holds else 'FAIL'} {text}")
        if not holds:
            self.failures.append(text)


@dataclass
class Given:
    """The same events flat and as Winlogbeat documents, and what a hunt finds in each."""

    events: dict[str, list[Document]]
    expected: dict[str, Counter[Pair]]

    @classmethod
    def of(cls, recordings: Sequence[Recording], total: int, rules: RuleSet, folder: Path) -> Given:
        """So many events, spread over all recordings."""
        flat = [{**e, "@timestamp": document(e)["@timestamp"]} for e in numbered(recordings, total)]
        events = {"flat": flat, "ecs": [document(event) for event in flat]}
        expected = {
            shape: _hunt(given, rules, folder / f"{shape}.ndjson")
            for shape, given in events.items()
        }
        return cls(events, expected)


def check(server: Server, given: Given, rule_path: Path, folder: Path) -> Verdict:
    """Index events flat and as Winlogbeat documents, run, run again, kill and start again."""
    verdict = Verdict()
    prefix = f"conformance-{os.getpid()}"
    expected = given.expected
    for shape, events in given.events.items():
        index = f"{prefix}-{shape}"
        indexed = server.index(index, events)
        namespace = f"{shape}_{os.getpid()}"
        run = Run(server, index, namespace, rule_path, folder)
        run.finish()
        hits = server.alerts(namespace)
        found = Counter(pair(hit["_source"]) for hit in hits)
        verdict.check(
            found == expected[shape],
            f"{server.kind} {shape}: {indexed:,} events, {len(hits):,} alerts behind the alias, "
            f"hunt says {expected[shape].total():,}; differing: "
            f"{((found - expected[shape]) + (expected[shape] - found)).total()}",
        )
        if shape == "flat":
            continue  # it is killed and run again below
        run.finish()
        again = server.alerts(namespace)
        verdict.check(
            {h["_id"] for h in again} == {h["_id"] for h in hits} and len(again) == len(hits),
            f"{server.kind} {shape}: run again: {len(again) - len(hits)} new alerts",
        )
    difference = (expected["flat"] - expected["ecs"]) + (expected["ecs"] - expected["flat"])
    verdict.check(
        not difference,
        f"{server.kind}: flat and ECS documents of the same events differ in "
        f"{difference.total()} alerts",
    )
    _kill(server, f"{prefix}-flat", f"flat_{os.getpid()}", rule_path, folder, verdict)
    return verdict


def _hunt(events: Sequence[Mapping[str, Any]], rules: RuleSet, file: Path) -> Counter[Pair]:
    file.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    numbers = Numbers()
    hunt(Hunt([file], rules), numbers)
    return numbers.pairs


def _kill(
    server: Server, index: str, namespace: str, rules: Path, folder: Path, verdict: Verdict
) -> None:
    """kill -9 in mid-run, start again: the same ids as the clean run before had."""
    clean = [hit["_id"] for hit in server.alerts(namespace)]
    server.forget(namespace)
    run = Run(server, index, namespace, rules, folder)
    stored = [run.killed(server, namespace, after) for after in (1, max(2, len(clean) // 2))]
    run.finish()
    hits = [hit["_id"] for hit in server.alerts(namespace)]
    verdict.check(
        sorted(hits) == sorted(clean) and len(set(hits)) == len(hits),
        f"{server.kind}: kill -9 after {stored[0]:,} and after {stored[1]:,} of {len(clean):,} "
        f"alerts, then to the end: {len(set(clean) - set(hits))} missing, "
        f"{len(set(hits) - set(clean))} unknown, {len(hits) - len(set(hits))} twice",
    )
