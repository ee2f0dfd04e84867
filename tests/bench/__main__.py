"""Time the engine on real Windows events, beside peers that are installed, in one run.

    python -m tests.bench                   200,000 events
    python -m tests.bench --events 50000

Needs the public data folder beside the checkout. What transfers to another machine are the
ratios: to parsing the same lines, and to a peer.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import corpus, peers
from tests.bench.engine import Engine, parse_only, peak_megabytes
from tests.conftest import SHARED


def machine() -> str:
    """The processor's name and Python's version."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    return f"{name}, Python {platform.python_version()}"


def measure(name: str, lines: Sequence[bytes]) -> None:
    """Print one corpus's figures."""
    rules = SHARED / "sigmahq" / "rules" / "windows"
    size = sum(map(len, lines)) / len(lines)
    print(f"\n{name}: {len(lines):,} events of {size:,.0f} bytes, {corpus.digest(lines)}")
    floor = parse_only(lines) / len(lines)
    print(f"  {'parsing alone (orjson)':<34} {1 / floor:>9,.0f} events per CPU second")
    engine = Engine(rules)
    half = len(lines) // 2
    passes = [
        engine.run("first pass, caches empty", lines[:half]),
        engine.run("the other half, caches warm", lines[half:]),
        engine.run("the first half again", lines[:half]),
    ]
    for done in passes:
        print(
            f"  {done.name:<34} {done.rate:>9,.0f} events per CPU second, "
            f"{1 / done.rate / floor:.1f} times parsing, {done.matches:,} matches, "
            f"hit rate {done.hit_rate:.1%}"
        )
    peer = peers.rsigma(rules, lines)
    if peer is None:
        print("  rsigma is not installed")
    else:
        print(f"  {peer.name:<34} {peer.rate:>9,.0f} events per CPU second, {peer.matches:,} lines")
        for done in passes[:2]:
            print(f"  {done.name}: {done.rate / peer.rate:.2f} times {peer.name}")
    print(
        f"  {len(engine.rules):,} rules loaded in {engine.load_seconds:.1f} s; peak "
        f"{peak_megabytes():,.0f} MB with the corpus; {engine.detector.budget.entries:,} answers "
        f"kept, emptied {engine.detector.budget.resets} times"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    print(machine())
    lines = corpus.real(SHARED, options.events)
    measure("real events", lines)
    measure("the same, every GUID, id, time, hash and user unique", list(corpus.unique(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
