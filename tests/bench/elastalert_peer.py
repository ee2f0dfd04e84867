"""One pass of ElastAlert 2 over the events of a node: its best options, its own account of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from tests.bench.elastalert_node import Counts, Node
from tests.bench.elastalert_process import Child, clean_environment
from tests.bench.elastalert_rules import Converted

VARIABLE = "VEDETTE_ELASTALERT_PYTHON"
WRITEBACK = "elastalert"
LOOK = 2.0
"""Seconds from one look at how far it is to the next."""
TIMEOUT = 300
"""Seconds that it waits for the answer to a search."""
QUIET = TIMEOUT + 60
"""Seconds without the end of any rule after which no more are waited for."""
ENDED = re.compile(r"\bRan (\S+) from |(?:Uncaught exception|Error) running rule (\S+): ")
"""What its log says when a rule has run, whether its search was answered or refused."""

Pair = tuple[str, int]
"""A rule's id and an event's number: one alert."""


@dataclass
class Outcome:
    """What an engine's pass over the events took and found.

    `seconds` are of the pass alone, the rules loaded; `cpu` and `peak` (MB) of the whole process.
    """

    name: str
    events: int
    rules: int
    seconds: float
    load: float
    cpu: float
    peak: int
    node: Counts
    alerts: Counter[Pair]
    refused: dict[str, str] = field(default_factory=dict)
    unfinished: int = 0
    """Rules that were not asked when the time was over."""

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def python() -> str | None:
    """The interpreter that has ElastAlert 2, if the environment names one."""
    return os.environ.get(VARIABLE)


def version(interpreter: str) -> str:
    """The version of ElastAlert 2 that an interpreter has."""
    ask = "import importlib.metadata as m; print(m.version('elastalert2'))"
    done = subprocess.run([interpreter, "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def config(url: str, threads: int) -> dict[str, Any]:
    """Its settings: no search ends early, no rule is left out because it is late.

    A pass is one search for each rule, whatever the span. Alerts go nowhere but into its own
    index, where it writes each anyway.
    """
    return {
        "rules_folder": "rules",
        "es_host": urlsplit(url).hostname,
        "es_port": urlsplit(url).port,
        "writeback_index": WRITEBACK,
        "run_every": {"hours": 24},
        "buffer_time": {"hours": 24},
        "alert_time_limit": {"days": 2},
        "max_threads": threads,
        "misfire_grace_time": 86_400,
        "max_query_size": 10_000,
        "es_conn_timeout": TIMEOUT,
        "run_enhancements_first": True,
    }


def run(
    node: Node, converted: Converted, events: int, start: datetime, folder: Path, *,
    interpreter: str, threads: int, limit: float,
) -> Outcome:  # fmt: skip
    """One pass over all that came after `start`, ended after `limit` seconds if it is not done."""
    folder.mkdir(parents=True)
    converted.write(folder / "rules")
    (folder / "config.yaml").write_text(json.dumps(config(node.server.url, threads)))
    environment = clean_environment()
    subprocess.run(
        [interpreter, "-m", "elastalert.create_index", "--config", "config.yaml", "--no-auth"],
        cwd=folder, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    before = node.counts()
    command = [interpreter, "-m", "elastalert.elastalert", "--verbose", "--config", "config.yaml"]
    child = Child([*command, "--start", start.isoformat()], folder / "log", folder, environment)
    try:
        ended = _follow(child, len(converted.files), limit)
    finally:
        child.stop()
    answered, first, last = _runs(node)
    reasons = _refused(node)
    refused = {
        rule: reasons.get(rule, "it kept no record of why") for rule in sorted(ended - answered)
    }
    counted = node.counts().since(before)
    return Outcome(
        name=f"ElastAlert {version(interpreter)}",
        events=events,
        rules=len(converted.files),
        seconds=last - first,
        load=first - (time.time() - (time.monotonic() - child.started)),
        cpu=child.cpu,
        peak=child.peak,
        # a search refused while parsed was asked all the same
        node=Counts(counted.searches + len(refused), counted.cpu),
        alerts=_alerts(node),
        refused=refused,
        unfinished=len(converted.files) - len(ended | answered),
    )


def _follow(child: Child, rules: int, limit: float) -> set[str]:
    """Wait until each rule has run, none has for long, or time is over: which have."""
    end = time.monotonic() + limit
    ended: set[str] = set()
    heard = time.monotonic()
    while True:
        if child.ended() is not None:
            raise RuntimeError(f"ElastAlert has ended:\n{child.text()[-2000:]}")
        found = ran(child.text())
        heard = time.monotonic() if len(found) > len(ended) else heard
        ended = found
        if len(ended) >= rules or time.monotonic() > min(end, heard + QUIET):
            return ended
        time.sleep(LOOK)


def ran(log: str) -> set[str]:
    """The rules that have run once, by its log."""
    return {answered or failed for answered, failed in ENDED.findall(log)}


def _all(node: Node, index: str, fields: str) -> list[dict[str, Any]]:
    """The documents of one of its indices."""
    node.call("POST", f"/{index}/_refresh")
    path = f"/{index}/_search?scroll=2m&size=5000&_source_includes={fields}"
    answer, found = node.call("GET", path), []
    while hits := answer["hits"]["hits"]:
        found += [hit["_source"] for hit in hits]
        body = json.dumps({"scroll": "2m", "scroll_id": answer["_scroll_id"]}).encode()
        answer = node.call("POST", "/_search/scroll", body)
    return found


def _refused(node: Node) -> dict[str, str]:
    """Why searches were refused, by rule."""
    errors = _all(node, f"{WRITEBACK}_error", "message,data.rule")
    return {e["data"]["rule"]: reason(e["message"]) for e in errors if "rule" in e.get("data", {})}


def reason(message: str) -> str:
    """The kind of reason that is in an error's message, without what is of one rule."""
    known = (
        r"too_many_nested_clauses|too many nested clauses|too_many_clauses",
        r"[Dd]eterminizing( automaton)?",
        r"Failed to parse query",
        r"ConnectionTimeout|ReadTimeout",
        r"circuit_breaking_exception",
    )
    for pattern in known:
        if found := re.search(pattern, message):
            return found[0].replace("_", " ")
    return " ".join(message.split())[:120]


def _runs(node: Node) -> tuple[set[str], float, float]:
    """The rules whose searches were answered, when the first began and the last had ended."""
    runs = _all(node, f"{WRITEBACK}_status", "rule_name,@timestamp,time_taken")
    ended = [datetime.fromisoformat(run["@timestamp"]).timestamp() for run in runs]
    if not ended:
        raise RuntimeError("ElastAlert ran no rule")
    began = [end - run["time_taken"] for end, run in zip(ended, runs, strict=True)]
    return {run["rule_name"] for run in runs}, min(began), max(ended)


def _alerts(node: Node) -> Counter[Pair]:
    found = _all(node, WRITEBACK, "rule_name,match_body.number")
    return Counter((hit["rule_name"], int(hit["match_body"]["number"])) for hit in found)


def forget(node: Node) -> None:
    """Delete what it has written."""
    for suffix in ("", "_status", "_error", "_silence", "_past"):
        try:
            node.server.call("DELETE", f"/{WRITEBACK}{suffix}")
        except HTTPError as error:
            if error.code != 404:
                raise
