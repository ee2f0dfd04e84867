"""`vedette run` and ElastAlert 2 on the same node, events and Sigma rules.

    python -m tests.bench.elastalert                            20,000 events; 10, 200, 2,000 rules
    python -m tests.bench.elastalert --rules 2000 --copies 50   1,000,000 events in one interval

Needs the public data folder and a real OpenSearch node, which it starts. ElastAlert 2 runs where
VEDETTE_ELASTALERT_PYTHON names an interpreter that has it; else only our figures are printed.
What transfers to another machine are the ratios and the counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from engine.rule import Rule, Selection
from tests.bench import corpus as recorded
from tests.bench import elastalert_ours as ours
from tests.bench import elastalert_peer as peer
from tests.bench.corpus import Lines
from tests.bench.elastalert_node import INDEX, Corpus, Node, now
from tests.bench.elastalert_peer import Outcome, Pair
from tests.bench.elastalert_rules import Converted, convert, some
from tests.bench.loading import machine
from tests.conformance.cluster import Server
from tests.conformance.indices import MAPPINGS
from tests.conftest import SHARED
from tests.live import nodes
from vedette import rulesets

RULES = SHARED / "sigmahq" / "rules" / "windows"
AGE = timedelta(hours=1)
"""How long ago the first event was, so that neither engine reads anything twice."""


def tell(outcome: Outcome, expected: frozenset[Pair], recorded_events: int) -> None:
    """Print one engine's figures, and how its alerts differ from what the engine finds."""
    found = Counter((rule, number % recorded_events) for rule, number in outcome.alerts)
    copies = outcome.events // recorded_events
    missed = sum(copies - found[pair] for pair in expected)
    blind = len({rule for rule, number in expected if found[rule, number] < copies})
    beyond = sum(count for pair, count in found.items() if pair not in expected)
    print(
        f"  {outcome.name}: {outcome.rate:,.0f} events a second: a pass of "
        f"{outcome.seconds:,.1f} s after {outcome.load:,.1f} s of loading; "
        f"CPU {outcome.cpu:,.1f} s and the node's {outcome.node.cpu:,.1f} s; "
        f"peak {outcome.peak:,} MB\n"
        f"    {outcome.node.searches:,} searches; {len(outcome.refused):,} rules refused; "
        f"{outcome.alerts.total():,} alerts, {outcome.alerts.total() - len(outcome.alerts):,} of "
        f"them twice; missed {missed:,} of {len(expected) * copies:,} (of {blind:,} rules), "
        f"{beyond:,} that the engine does not find"
    )
    for reason, count in Counter(outcome.refused.values()).most_common():
        print(f"    refused, {count:,} rules: {reason}")
    if outcome.unfinished:
        print(f"    not finished: {outcome.unfinished:,} rules were not asked in that time")
    sys.stdout.flush()


def compare(
    node: Node, corpus: Corpus, rules: Sequence[Rule], folder: Path, options: argparse.Namespace
) -> None:
    """Both engines with some rules."""
    converted: Converted = convert(rules, INDEX)
    asked = [rule for rule in rules if rule.id in converted.files]
    expected = ours.oracle(asked, corpus.recorded())
    print(
        f"\n{len(asked):,} rules on {len(corpus):,} events "
        f"({len(converted.refused):,} more cannot be converted)",
        flush=True,
    )
    interpreter = peer.python()
    for number in range(options.passes):
        name = f"{len(rules)}p{number}"
        own = ours.run(
            node, asked, len(corpus), folder / f"ours-{name}", f"bench{name}", options.page,
            options.prefilter,
        )  # fmt: skip
        tell(own, expected, len(corpus.lines))
        node.server.forget(f"bench{name}")
        if interpreter is None:
            continue
        other = peer.run(
            node, converted, len(corpus), corpus.start, folder / f"peer-{name}",
            interpreter=interpreter, threads=options.threads, limit=options.limit,
        )  # fmt: skip
        tell(other, expected, len(corpus.lines))
        peer.forget(node)
        ratios(own, other)
    if interpreter is None:
        print(f"  ElastAlert 2 is not installed ({peer.VARIABLE} names no interpreter)")


def ratios(own: Outcome, other: Outcome) -> None:
    """Print what ours is beside the other."""
    print(
        f"  ours: {own.rate / other.rate:.1f} times its throughput, "
        f"{own.node.searches / other.node.searches:.1%} of its searches, "
        f"{own.cpu / other.cpu:.2f} times its CPU, "
        f"{own.node.cpu / other.node.cpu:.2f} times the CPU of the node",
        flush=True,
    )


def shared_options(parser: argparse.ArgumentParser) -> None:
    """The options that this comparison and that of intervals both have."""
    parser.add_argument("--mapping", choices=sorted(MAPPINGS), default="dotted")
    parser.add_argument("--page", type=int, default=5000, help="our page_size")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="its max_threads")
    parser.add_argument("--heap", default="2g", help="the node's memory for Java")


def ready(options: argparse.Namespace) -> Sequence[Rule]:
    """The rules to choose from, when nodes will have their memory; none without public data."""
    nodes.HEAP = (f"-Xms{options.heap}", f"-Xmx{options.heap}", "-XX:+UseSerialGC")
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return ()
    rules = rulesets.load([RULES], Selection()).rules
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {len(rules):,} rules to choose from")
    return rules


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.elastalert", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="recorded events")
    parser.add_argument("--copies", type=int, default=1, help="how often they are repeated")
    parser.add_argument("--rules", type=int, nargs="+", default=[10, 200, 2000])
    parser.add_argument("--passes", type=int, default=1, help="of each engine, by turns")
    parser.add_argument("--prefilter", choices=["none", "values"], default="none", help="ours")
    shared_options(parser)
    parser.add_argument("--limit", type=float, default=3600, help="seconds for its pass")
    return parser.parse_args()


def main() -> int:
    options = parsed()
    if not (rules := ready(options)):
        return 1
    with tempfile.TemporaryDirectory() as name, nodes.opensearch() as url:
        folder = Path(name)
        real, unique = folder / "real.ndjson", folder / "unique.ndjson"
        recorded.write(SHARED, options.events, real, unique)
        corpus = Corpus(Lines.of(real), options.copies, now() - AGE)
        node = Node(Server("opensearch", url, seconds=300))
        started = time.monotonic()
        node.fill(corpus, options.mapping)
        print(
            f"OpenSearch {node.version()}, one node: {len(corpus):,} events within five minutes, "
            f"{corpus.digest()}, mapping {options.mapping!r}, indexed in "
            f"{time.monotonic() - started:,.0f} s",
            flush=True,
        )
        for count in options.rules:
            compare(node, corpus, some(rules, count), folder, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
