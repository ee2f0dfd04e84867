"""What a poll costs with many events in the overlap, on a real node.

    python -m tests.bench.overlap [--rate 2000] [--late 0.01] [--url URL]

An index is filled with events of ten minutes. Then polls follow, ten seconds of time apart, each
with the events of those seconds, a share of which is late by up to the overlap. Printed are the
documents that the cluster gave, hits without documents, requests, the size of the checkpoint as
JSON, and seconds of the poll: its CPU and its whole time.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from connectors.search import ClusterSettings, SearchClient, SearchSource, codec, connect
from engine.ports import Checkpoint
from tests.live import nodes
from tests.live.helpers import at

OVERLAP = 600
EVERY = 10
"""Seconds from poll to poll."""
POLLS = 4
BULK = 5000


class Counting:
    """A client that counts what its searches bring."""

    def __init__(self, client: SearchClient) -> None:
        self.client = client
        self.searches = self.documents = self.bare = 0

    def search(self, body: Any, index: str | None = None) -> Any:
        answer = self.client.search(body, index)
        hits = answer["hits"]["hits"]
        self.searches += 1
        with_documents = sum("_source" in hit for hit in hits)
        self.documents += with_documents
        self.bare += len(hits) - with_documents
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


def fill(client: SearchClient, index: str, times: Iterator[float]) -> int:
    """Index small events of these times (seconds)."""
    lines: list[bytes] = []
    count = 0

    def send() -> None:
        if lines:
            answer = client.bulk(b"\n".join(lines) + b"\n")
            assert not answer["errors"], answer
            lines.clear()

    for seconds in times:
        count += 1
        lines.append(codec.dumps({"create": {"_index": index}}))
        event = {"@timestamp": int(at(seconds).timestamp() * 1000), "EventID": 1, "n": count}
        lines.append(codec.dumps(event))
        if len(lines) >= 2 * BULK:
            send()
    send()
    client.refresh(index)
    return count


def polled(
    client: SearchClient, index: str, now: float, checkpoint: Checkpoint | None
) -> Checkpoint | None:
    """One poll, and the line of the table about it."""
    counting = Counting(client)
    source = SearchSource(
        counting, "events", index, clock=lambda: at(now), page_size=1000,  # type: ignore[arg-type]
        overlap=timedelta(seconds=OVERLAP),
    )  # fmt: skip
    began, cpu, events = time.monotonic(), time.process_time(), 0
    for batch in source.poll(checkpoint):
        events += len(batch.records)
        checkpoint = batch.checkpoint or checkpoint
    spent, took = time.process_time() - cpu, time.monotonic() - began
    size = len(codec.dumps(dict(checkpoint or {})))
    print(f"| {now - 2 * OVERLAP:4.0f} | {events:9,} | {counting.documents:9,} | "
          f"{counting.bare:7,} | {counting.searches:5,} | {size:10,} | {spent:6.2f} | "
          f"{took:6.2f} |", flush=True)  # fmt: skip
    return checkpoint


def run(client: SearchClient, rate: int, late: float) -> None:
    """Fill, and poll."""
    draw = random.Random(167)
    index = f"o{uuid4().hex[:12]}-events"
    shape = {
        "settings": {"index": {"number_of_replicas": 0, "refresh_interval": "-1"}},
        "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}},
    }
    client.create_index(index, shape)
    try:
        now = 2.0 * OVERLAP
        total = rate * OVERLAP
        fill(client, index, (now - OVERLAP + n / rate for n in range(total)))
        print("| second | evaluated | documents | ids only | searches | checkpoint | CPU s | s |")
        print("|---|---|---|---|---|---|---|---|")
        checkpoint = polled(client, index, now, None)
        for _ in range(POLLS):
            now += EVERY
            news = [now - EVERY + n / rate for n in range(EVERY * rate)]
            for n in range(len(news)):
                if draw.random() < late:
                    news[n] -= draw.uniform(0, OVERLAP - 2 * EVERY)
            fill(client, index, iter(news))
            checkpoint = polled(client, index, now, checkpoint)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{rate:,} events/s, {late:.1%} late; memory at most {peak:.0f} MB")
    finally:
        client.send("DELETE", f"/{index}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.overlap",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rate", type=int, default=2000, help="events a second")
    parser.add_argument("--late", type=float, default=0.01, help="share of them that is late")
    parser.add_argument("--kind", choices=("opensearch", "elasticsearch"), default="opensearch")
    parser.add_argument("--url", help="a node that is there already")
    options = parser.parse_args()
    with contextlib.ExitStack() as held:
        url = options.url or held.enter_context(nodes.running(options.kind))
        client = connect(ClusterSettings(hosts=[url], kind=options.kind))
        held.callback(client.close)
        run(client, options.rate, options.late)


if __name__ == "__main__":
    main()
