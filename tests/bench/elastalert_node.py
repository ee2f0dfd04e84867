"""The node that both engines read: recorded events put into it, and what it counts."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError

import orjson

from engine.normalise import normalise
from engine.ports import Record
from tests.bench.corpus import Lines, at_time
from tests.conformance.cluster import Server
from tests.conformance.indices import MAPPINGS
from tests.conformance.indices import settings as settings_of

INDEX = "bench-events"
SPAN = timedelta(minutes=5)
"""The stretch of time that all events are spread over: one interval of ElastAlert's default."""
BULK = 500
AT_ONCE = 2
"""Requests that index events side by side."""
TRIES = 60
"""How often a busy node is asked again, a second apart."""


@dataclass(frozen=True)
class Corpus:
    """Recorded events, `copies` times, each with a number and a time of its own.

    An event's number is that of its copy times the recorded events, plus its place among them.
    Queries cannot rename fields, so events have the names that `normalise` gives them.
    """

    lines: Lines
    copies: int
    start: datetime
    span: timedelta = SPAN
    first: int = 0
    """The number of the first event."""

    def __len__(self) -> int:
        return len(self.lines) * self.copies

    def recorded(self) -> Iterator[dict[str, Any]]:
        """The first copy."""
        return self._copy(0)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for copy in range(self.copies):
            yield from self._copy(copy)

    def _copy(self, copy: int) -> Iterator[dict[str, Any]]:
        step = self.span / len(self)
        for place, line in enumerate(self.lines):
            number = copy * len(self.lines) + place
            found = normalise(Record(orjson.loads(line), "bench")).fields
            # no index has our own labels, and no query here asks for them
            fields = {k: v for k, v in found.items() if not k.startswith("logsource.")}
            time = self.start + step * (number + 1)
            yield {**at_time(fields, time), "number": self.first + number}

    def digest(self) -> str:
        """A hash of the recorded events as they are indexed, without their times."""
        whole = hashlib.sha256()
        for event in self.recorded():
            whole.update(orjson.dumps({**event, "@timestamp": "", "UtcTime": ""}))
        return whole.hexdigest()[:16]


@dataclass(frozen=True)
class Counts:
    """What a node has counted so far: searches of the events, and its own CPU seconds."""

    searches: int
    cpu: float

    def since(self, before: Counts) -> Counts:
        """What was added."""
        return Counts(self.searches - before.searches, self.cpu - before.cpu)


@dataclass(frozen=True)
class Node:
    """A server with the events in one index of one shard."""

    server: Server

    def fill(self, corpus: Corpus, mapping: str) -> None:
        """Index the events, findable at the end; `mapping` is one of `indices.MAPPINGS`."""
        self.create(mapping)
        self.add(corpus)
        self.findable()

    def findable(self) -> None:
        """Have all events found, and those that come within a second."""
        self.server.call("PUT", f"/{INDEX}/_settings", b'{"index":{"refresh_interval":"1s"}}')
        self.server.call("POST", f"/{INDEX}/_refresh")

    def create(self, mapping: str) -> None:
        """Make the empty index, whose events are not findable by themselves."""
        mappings = json.loads(json.dumps(MAPPINGS[mapping]))
        mappings["properties"] = {"@timestamp": {"type": "date"}, "number": {"type": "long"}}
        typed = mapping in ("text", "typed")
        settings = {
            **settings_of(mapping),
            "refresh_interval": "-1",
            "mapping.ignore_malformed": typed,
        }
        body = json.dumps({"settings": settings, "mappings": mappings}).encode()
        self.server.call("PUT", f"/{INDEX}", body)

    def add(self, corpus: Iterable[Mapping[str, Any]]) -> None:
        """Index some events."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            on_their_way: deque[Future[None]] = deque()
            for body in bodies(corpus):
                if len(on_their_way) >= AT_ONCE:
                    on_their_way.popleft().result()
                on_their_way.append(pool.submit(self._bulk, body))
            for each in on_their_way:
                each.result()

    def _bulk(self, body: bytes) -> None:
        answer = self.call("POST", f"/{INDEX}/_bulk", body)
        assert not answer["errors"], str(answer)[:500]

    def counts(self) -> Counts:
        """Searches of the events' one shard that began; those refused while parsed are not in."""
        found = self.call("GET", f"/{INDEX}/_stats/search")["_all"]["total"]["search"]
        (node,) = self.call("GET", "/_nodes/stats/process")["nodes"].values()
        return Counts(found["query_total"], node["process"]["cpu"]["total_in_millis"] / 1000)

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """The answer to what is only asked for our figures; a busy node is asked again."""
        for _ in range(TRIES):
            if (answer := asked(self.server, method, path, body)) is not None:
                return answer
            time.sleep(1)
        return self.server.call(method, path, body)

    def version(self) -> str:
        """The server's version."""
        (node,) = self.server.call("GET", "/_nodes/_local")["nodes"].values()
        return str(node["version"])


def bodies(corpus: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The bodies of the requests that index events."""
    lines: list[bytes] = []
    for event in corpus:
        lines.append(b'{"create":{"_id":"%d"}}\n%s\n' % (event["number"], orjson.dumps(event)))
        if len(lines) >= BULK:
            yield b"".join(lines)
            lines.clear()
    if lines:
        yield b"".join(lines)


def asked(
    server: Server, method: str, path: str, body: bytes | None = None
) -> dict[str, Any] | None:
    """A node's answer; None while it is busy, or what is asked for is not there yet."""
    try:
        return server.call(method, path, body)
    except HTTPError as error:
        if error.code in (404, 429, 503):
            return None
        raise


def now() -> datetime:
    """The present, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
