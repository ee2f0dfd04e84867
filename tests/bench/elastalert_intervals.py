"""`vedette run` and ElastAlert 2 as they are used: events come, and every few minutes both look.

    python -m tests.bench.elastalert_intervals                     an index that begins empty
    python -m tests.bench.elastalert_intervals --before 1000000    one that has a day of events

`vedette run` goes on from interval to interval, as a service does: what it learnt of events in
one it knows in the next. ElastAlert has nothing to learn. It is started anew for each interval and
asks once for each rule what came in it; loading does not count for either. Needs what
`tests.bench.elastalert` does. What transfers to another machine are the ratios and the counts.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from engine.rule import Rule
from tests.bench import corpus as recorded
from tests.bench import elastalert_ours as ours
from tests.bench import elastalert_peer as peer
from tests.bench.corpus import Lines
from tests.bench.elastalert import ready, shared_options
from tests.bench.elastalert_node import INDEX, Corpus, Counts, Node, now
from tests.bench.elastalert_peer import Pair
from tests.bench.elastalert_process import Child
from tests.bench.elastalert_rules import Converted, convert, some
from tests.conformance.cluster import Server
from tests.conftest import SHARED
from tests.live import nodes

POLLED = re.compile(r"source events: (\d+) events read in ([\d.]+) s")
NAMESPACE = "intervals"
DAY = timedelta(hours=24)
FIRST = 1_000_000_000
"""The number of the first event of the day before."""
SETTLED = 5.0
"""Seconds from the last event of an interval to the poll that reads it, at least."""


@dataclass(frozen=True)
class Pass:
    """What an engine took for the events of one interval, and the alerts that it gave."""

    name: str
    seconds: float
    events: int
    cpu: float
    node: Counts
    alerts: Counter[Pair]
    refused: int = 0

    def tell(self, expected: frozenset[Pair]) -> None:
        """Print it, and what is missing."""
        missed = sum(pair not in self.alerts for pair in expected)
        beyond = sum(pair not in expected for pair in self.alerts)
        twice = self.alerts.total() - len(self.alerts)
        print(
            f"  {self.name}: {self.seconds:.2f} s, {self.events / self.seconds:,.0f} events a "
            f"second; CPU {self.cpu:.2f} s and the node's {self.node.cpu:.2f} s; "
            f"{self.node.searches:,} searches; {self.refused} rules refused; "
            f"missed {missed} of {len(expected)}, {twice} told twice, "
            f"{beyond} that the engine does not find",
            flush=True,
        )


class Ours:
    """`vedette run`, going on."""

    def __init__(self, child: Child, node: Node, every: float) -> None:
        self._child, self._node, self._every = child, node, every
        self._polls = 0
        self._cpu, self._counts = 0.0, node.counts()
        self._told: Counter[Pair] = Counter()
        self.next = 0.0
        """When it looks next, by the clock of processes."""

    def begin(self) -> None:
        """What it and the node have spent counts from now on."""
        self._cpu, self._counts = self._child.spent, self._node.counts()

    def wait(self, events: int) -> Pass:
        """The next poll that brings events."""
        while len(found := POLLED.findall(self._child.text())) <= self._polls:
            if self._child.ended() is not None:
                raise RuntimeError(f"vedette run has ended:\n{self._child.text()[-2000:]}")
            time.sleep(ours.LOOK)
        read, seconds = found[self._polls]
        self._polls += 1
        self.next = time.monotonic() - float(seconds) + self._every
        cpu, counts = self._child.spent - self._cpu, self._node.counts().since(self._counts)
        if int(read) != events:
            raise RuntimeError(f"{events:,} events came, and {read} were read at a time")
        told = ours.alerts(self._node, NAMESPACE)
        found_now, self._told = told - self._told, told
        return Pass("vedette run", float(seconds), events, cpu, counts, found_now)


def begun(node: Node, lines: Lines, number: int, events: int, seconds: float) -> Corpus:
    """The events of an interval, findable now, of the seconds that come; they are over then."""
    part = lines.part(number * events, (number + 1) * events)
    begins = now() + timedelta(seconds=1)
    corpus = Corpus(part, 1, begins, timedelta(seconds=seconds), number * events)
    node.add(corpus)
    node.server.call("POST", f"/{INDEX}/_refresh")
    time.sleep(max(0.0, (begins + corpus.span - now()).total_seconds()))
    return corpus


def compare(node: Node, lines: Lines, rules: list[Rule], options: argparse.Namespace) -> None:
    """Both engines, interval by interval."""
    converted: Converted = convert(rules, INDEX)
    asked = [rule for rule in rules if rule.id in converted.files]
    with tempfile.TemporaryDirectory() as name:
        folder, every = Path(name), float(options.every)
        source = {
            "start": now().isoformat(),
            "page_size": options.page,
            "interval": f"{every:.0f}s",
        }
        prepared = ours.prepare(node, asked, folder / "ours", NAMESPACE, source)
        corpus = begun(node, lines, 0, options.events, SETTLED)
        child = prepared.begin()
        engine = Ours(child, node, every)
        ratios: list[float] = []
        try:
            for number in range(options.intervals):
                if number:
                    left = engine.next - time.monotonic() - 2 * SETTLED
                    if left < SETTLED:
                        raise RuntimeError(f"a pass took longer than --every {every:.0f}")
                    corpus = begun(node, lines, number, options.events, left)
                    engine.begin()
                own = engine.wait(len(corpus))
                expected = ours.oracle(asked, corpus.recorded())
                print(f"\ninterval {number + 1}, {len(corpus):,} events:", flush=True)
                own.tell(expected)
                if (interpreter := peer.python()) is None:
                    continue
                other = asked_for(node, converted, corpus, folder / f"peer-{number}", interpreter,
                                  options)  # fmt: skip
                other.tell(expected)
                ratios.append(other.seconds / own.seconds)
                searches = own.node.searches / other.node.searches
                print(f"  {ratios[-1]:.1f} times its throughput, {searches:.2%} of its searches")
        finally:
            child.stop()
        print(f"\npeak of vedette run: {child.peak:,} MB")
        if ratios[1:]:
            print(
                f"times its throughput: {ratios[0]:.1f} in the first interval, "
                f"{median(ratios[1:]):.1f} in those after it (median; {min(ratios[1:]):.1f} to "
                f"{max(ratios[1:]):.1f})"
            )


def asked_for(
    node: Node,
    converted: Converted,
    corpus: Corpus,
    folder: Path,
    interpreter: str,
    options: argparse.Namespace,
) -> Pass:
    """ElastAlert's pass over the events of an interval."""
    found = peer.run(
        node, converted, len(corpus), corpus.start, folder,
        interpreter=interpreter, threads=options.threads, limit=float(options.every),
    )  # fmt: skip
    peer.forget(node)
    if found.unfinished:
        raise RuntimeError(f"{found.unfinished} rules were not asked within --every")
    return Pass(
        found.name, found.seconds, len(corpus), found.cpu, found.node, found.alerts,
        len(found.refused),
    )  # fmt: skip


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.elastalert_intervals", description=__doc__
    )
    parser.add_argument("--events", type=int, default=20_000, help="of each interval")
    parser.add_argument("--intervals", type=int, default=4)
    parser.add_argument("--every", type=int, default=300, help="seconds of an interval")
    parser.add_argument("--before", type=int, default=0, help="events of the day before them")
    parser.add_argument("--rules", type=int, default=2000)
    shared_options(parser)
    return parser.parse_args()


def main() -> int:
    options = parsed()
    if not (rules := ready(options)):
        return 1
    with tempfile.TemporaryDirectory() as name, nodes.opensearch() as url:
        real, unique = Path(name) / "real.ndjson", Path(name) / "unique.ndjson"
        wanted = options.events * options.intervals
        recorded.write(SHARED, wanted, real, unique)
        lines = Lines.of(real)
        if len(lines) < wanted:
            print(f"there are {len(lines):,} recorded events, not {wanted:,}")
            return 1
        node = Node(Server("opensearch", url, seconds=300))
        node.create(options.mapping)
        if options.before:
            copies = -(-options.before // len(lines))
            node.add(Corpus(lines, copies, now() - DAY, DAY - timedelta(minutes=20), FIRST))
        node.findable()
        print(
            f"OpenSearch {node.version()}, one node, mapping {options.mapping!r}; "
            f"{options.before and copies * len(lines):,} events of the day before",
            flush=True,
        )
        compare(node, lines, some(rules, options.rules), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
