"""How long after an event is searchable its alert is, while events keep coming.

    python -m tests.bench.latency
    python -m tests.bench.latency --seconds 60 --interval 10 --rate 500

Real Windows events, their times the present, go into one index of a real OpenSearch node at a
steady rate; `vedette run` follows it with SigmaHQ's rules. A watcher asks the node again and again
which events and which alerts a search would find: an event counts from the last look that did
not find it, its alert up to the first look that did, so that figures err on the long side.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import orjson

from tests.bench import corpus as recorded
from tests.bench.corpus import Lines, at_time
from tests.bench.elastalert_node import asked
from tests.bench.elastalert_process import Child, clean_environment
from tests.bench.loading import machine
from tests.conformance.cluster import Server
from tests.conftest import ROOT, SHARED
from tests.live import nodes

RULES = SHARED / "sigmahq" / "rules" / "windows"
INDEX, NAMESPACE, ALIAS = "bench-live", "latency", "logs-vedette.alerts-latency"
BEAT = 0.1
"""Seconds from one bulk request to the next, at best."""
LOOK = 0.1
"""Seconds from one look of the watcher to the next, at best."""
GRACE = 2.0
"""Seconds over the interval that p95 may take."""


class Feeder:
    """Puts numbered events into the index at a steady rate, as long as it can keep up."""

    def __init__(self, server: Server, lines: Lines, rate: int) -> None:
        self.server, self.rate = server, rate
        self.events = self._events(lines)
        self.sent = 0
        self.longest = 0.0
        """Seconds that it was behind its rate, at most."""
        self.done = threading.Event()

    @staticmethod
    def _events(lines: Lines) -> Iterator[dict[str, Any]]:
        for number in count():
            for line in lines:
                yield orjson.loads(line)
            assert number < 10_000

    def run(self) -> None:
        """Send until `done` is set."""
        began = time.monotonic()
        while not self.done.wait(max(0.0, began + self.sent / self.rate - time.monotonic())):
            self.longest = max(self.longest, time.monotonic() - began - self.sent / self.rate)
            self.send(max(1, int(self.rate * BEAT)))

    def send(self, events: int) -> None:
        """One bulk request."""
        lines: list[bytes] = []
        for event in islice(self.events, events):
            event = {**at_time(event, datetime.now(UTC)), "number": self.sent}
            lines += [b'{"create":{"_id":"%d"}}' % self.sent, orjson.dumps(event)]
            self.sent += 1
        body = b"\n".join(lines) + b"\n"
        while (answer := asked(self.server, "POST", f"/{INDEX}/_bulk", body)) is None:
            time.sleep(BEAT)
        assert not answer["errors"], str(answer)[:500]


@dataclass
class Watcher:
    """What searches have found so far, and when.

    `numbers[i]` events could not be found yet at `times[i]`, for events become searchable in
    the order in which the one feeder sends them. `latencies` are of alerts, in seconds.
    """

    server: Server
    times: list[float] = field(default_factory=lambda: [0.0])
    numbers: list[int] = field(default_factory=lambda: [0])
    latencies: list[float] = field(default_factory=list)
    last: int = -1
    """The sequence number of the last alert that was seen."""

    def look(self) -> None:
        """Ask for events and alerts once; a look that the node refuses is none."""
        began = time.monotonic()
        answer = asked(self.server, "GET", f"/{INDEX}/_count")
        if answer and answer["count"] != self.numbers[-1]:
            self.times.append(began)
            self.numbers.append(answer["count"])
        elif answer:
            self.times[-1] = began
        while self._alerts():
            pass

    def _alerts(self) -> bool:
        """Take one page of new alerts; whether there may be more."""
        body = {
            "size": 2000,
            "query": {"range": {"_seq_no": {"gt": self.last}}},
            "sort": [{"_seq_no": "asc"}],
            "seq_no_primary_term": True,
            "_source": ["vedette.alert.source_events"],
        }
        answer = asked(self.server, "POST", f"/{ALIAS}/_search", json.dumps(body).encode())
        if answer is None:
            return False
        now = time.monotonic()
        hits = answer["hits"]["hits"]
        for hit in hits:
            self.last = max(self.last, hit["_seq_no"])
            for event in hit["_source"]["vedette"]["alert"]["source_events"]:
                self.latencies.append(now - self.searchable(event["number"]))
        return len(hits) == body["size"]

    def searchable(self, number: int) -> float:
        """The last time at which an event could not be found yet."""
        return self.times[bisect_right(self.numbers, number) - 1]


def settings(server: Server, options: argparse.Namespace) -> str:
    """The configuration of `vedette run`; JSON is YAML."""
    return json.dumps(
        {
            "namespace": NAMESPACE,
            "rules": {"paths": [str(RULES)]},
            "cluster": {"kind": server.kind, "hosts": [server.url]},
            "sources": [
                {"type": "search", "name": "events", "index": INDEX, "start": "all",
                 "interval": f"{options.interval}s", "overlap": f"{options.overlap}s",
                 "refresh_lag": f"{options.lag}s", "page_size": options.page}
            ],
        }
    )  # fmt: skip


def measure(server: Server, lines: Lines, options: argparse.Namespace, folder: Path) -> int:
    """Feed, follow and watch; print the figures. The exit code is 1 when the bar is missed."""
    mapping = {
        "settings": {"number_of_replicas": 0, "refresh_interval": "1s"},
        "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}},
    }
    server.call("PUT", f"/{INDEX}", json.dumps(mapping).encode())
    (folder / "vedette.yml").write_text(settings(server, options))
    command = [sys.executable, "-m", "vedette", "run", "-c", str(folder / "vedette.yml")]
    environment = {**clean_environment(), "XDG_CACHE_HOME": str(folder / "cache")}
    child = Child(command, folder / "log", ROOT, environment)
    feeder, watcher = Feeder(server, lines, options.rate), Watcher(server)
    with ThreadPoolExecutor(1) as pool:
        try:
            while "alerts go to" not in child.text():
                check(child)
                time.sleep(0.1)
            loaded = time.monotonic() - child.started
            feeding = pool.submit(feeder.run)
            began = time.monotonic()
            end = options.seconds + 2 * options.interval + 10
            while (passed := time.monotonic() - began) < end:
                started = time.monotonic()
                watcher.look()
                check(child)
                if passed >= options.seconds:
                    feeder.done.set()
                if feeding.done():
                    feeding.result()  # raises what ended it
                time.sleep(max(0.0, started + LOOK - time.monotonic()))
        finally:
            feeder.done.set()
            child.stop()
    return tell(feeder, watcher, child, loaded, options)


def check(child: Child) -> None:
    """Raise when a process that should go on has ended."""
    if child.ended() is not None:
        raise RuntimeError(f"vedette run has ended:\n{child.text()[-2000:]}")


def tell(
    feeder: Feeder, watcher: Watcher, child: Child, loaded: float, options: argparse.Namespace
) -> int:
    """Print what was measured."""
    taken = sorted(watcher.latencies)
    print(
        f"{feeder.sent:,} events in {options.seconds} s (at most {feeder.longest:.1f} s behind "
        f"the rate), {len(taken):,} alerts; rules loaded in {loaded:.1f} s; "
        f"CPU {child.cpu:.1f} s, peak {child.peak:,} MB"
    )
    for line in child.text().splitlines():
        if "WARNING" in line or "ERROR" in line:
            print(f"  {line}")
    if not taken:
        print("no alert was seen")
        return 1
    p50, p95, p99 = (taken[len(taken) * share // 100] for share in (50, 95, 99))
    bar = options.interval + GRACE
    print(
        f"from searchable to alert searchable: p50 {p50:.1f} s, p95 {p95:.1f} s, p99 {p99:.1f} s, "
        f"longest {taken[-1]:.1f} s"
    )
    print(f"{'ok  ' if p95 <= bar else 'FAIL'} p95 at most the interval + 2 s: {bar:.0f} s")
    return int(p95 > bar)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.latency", description=__doc__)
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--interval", type=int, default=30, help="from poll to poll, seconds")
    parser.add_argument("--overlap", type=int, default=30, help="seconds")
    parser.add_argument("--lag", type=int, default=1, help="refresh_lag, seconds")
    parser.add_argument("--page", type=int, default=5000, help="page_size")
    parser.add_argument("--events", type=int, default=20_000, help="recorded events, repeated")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    with tempfile.TemporaryDirectory() as name, nodes.opensearch() as url:
        folder = Path(name)
        recorded.write(SHARED, options.events, folder / "real.ndjson", folder / "unique.ndjson")
        lines = Lines.of(folder / "real.ndjson")
        print(
            f"{machine()}; load {os.getloadavg()[0]:.1f}; OpenSearch, one node; "
            f"{options.rate:,} events a second of {lines.size:,.0f} bytes, {lines.digest()}; "
            f"interval {options.interval} s, overlap {options.overlap} s, "
            f"refresh_lag {options.lag} s, page_size {options.page:,}",
            flush=True,
        )
        return measure(Server("opensearch", url, seconds=60), lines, options, folder)


if __name__ == "__main__":
    sys.exit(main())
