"""Time the engine on real Windows events, beside peers that are installed, in one run.

    python -m tests.bench                   200,000 events
    python -m tests.bench --events 50000
    python -m tests.bench --only nested     as Winlogbeat ships them, without a peer

Needs the public data folder beside the checkout. What transfers to another machine are the
ratios: to parsing the same lines, and to a peer. `tests.bench.memory` and `tests.bench.loading`
measure memory and loading, each in processes of their own.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from engine.load import load_rules
from engine.match.native import NATIVE
from engine.rule import Rule
from tests.bench import corpus, peers
from tests.bench.cores import speedup
from tests.bench.corpus import Lines
from tests.bench.engine import Engine, Pass, peak_megabytes
from tests.bench.multiply import multiplied
from tests.bench.peers_zircolite import zircolite
from tests.conftest import SHARED

RULES = SHARED / "sigmahq" / "rules" / "windows"
SINGLE = 20_000
"""Lines that are timed one by one."""
SLOW = 20_000
"""Lines for a peer that is slow."""
TIMES = 10
"""How many times the rules."""


def machine() -> str:
    """The processor's name, Python's version, and how lines are read."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    reader = "native reader" if NATIVE else "no native reader"
    return f"{name}, Python {platform.python_version()}, {reader}"


def tell(done: Pass) -> None:
    """Print what one way through some lines took."""
    print(
        f"  {done.name:<42} {done.rate:>9,.0f} events per CPU second, "
        f"{done.seconds / done.parsing:.1f} times parsing, {done.matches:,} matches; of the lines "
        f"{done.told / done.events:.1%} told without parsing, {done.known / done.events:.1%} known",
        flush=True,
    )


def measure(name: str, rules: Sequence[Rule], lines: Lines) -> Engine:
    """Print one corpus's figures; returns an engine that is warm from the first half."""
    print(f"\n{name}: {len(lines):,} events of {lines.size:,.0f} bytes, {lines.digest()}")
    first, second = halves(lines)
    before = peers.rsigma(RULES, lines)
    cold = Engine(rules).run("first pass, caches empty", lines)
    engine = Engine(rules)
    engine.run("to warm", first)
    warm = engine.run("warm from one half, the other half", second)
    after = peers.rsigma(RULES, lines)
    floor = (cold.events + warm.events) / (cold.parsing + warm.parsing)
    print(f"  {'parsing alone (orjson), in turns':<42} {floor:>9,.0f} events per CPU second")
    for done in (cold, warm):
        tell(done)
    if before is None or after is None:
        print("  rsigma is not installed")
    else:
        rate = 2 / (1 / before.rate + 1 / after.rate)
        print(
            f"  {before.name + ', before and after':<42} {before.rate:>9,.0f} and "
            f"{after.rate:,.0f} events per CPU second, {floor / rate:.1f} times parsing"
        )
        for done in (cold, warm):
            print(f"  {done.name}: {done.rate / rate:.2f} times {before.name}")
    beside_zircolite(rules, engine, second.part(0, min(SLOW, len(second))))
    budget = engine.detector.budget
    print(f"  {budget.entries:,} answers kept, emptied {budget.resets} times", flush=True)
    return engine


def measure_nested(rules: Sequence[Rule], lines: Lines) -> None:
    """Print what documents take as they lie in a cluster, with the first look and without it."""
    print(f"\nthe same as Winlogbeat ships them: {lines.size:,.0f} bytes, {lines.digest()}")
    first, second = halves(lines)
    tell(Engine(rules).run("first pass, caches empty", lines))
    engine = Engine(rules)
    engine.run("to warm", first)
    tell(engine.run("warm from one half, the other half", second))
    part = second.part(0, min(SLOW, len(second)))
    engine.without_look(part)
    parsed = engine.without_look(part) / len(part)
    looked = engine.run("again", part).seconds / len(part)
    print(
        f"  {len(part):,} of them met before: {looked * 1e6:.0f} µs an event, "
        f"{parsed * 1e6:.0f} µs where each is parsed and normalised",
        flush=True,
    )


def beside_zircolite(rules: Sequence[Rule], warm: Engine, lines: Lines) -> None:
    """Print how many times Zircolite's speed ours is, on few lines, for it is slow."""
    quick, plain = zircolite(RULES, lines), zircolite(RULES, lines, ())
    if quick is None or plain is None:
        print("  Zircolite is not installed")
        return
    print(
        f"  {quick.name}, {len(lines):,} of the lines: {quick.rate:,.0f} events per CPU second "
        f"with its best options, {plain.rate:,.0f} as it comes"
    )
    for name, engine in (("first pass", Engine(rules)), ("warm", warm)):
        done = engine.run(name, lines)
        print(
            f"  {name}, the same lines: {done.rate / quick.rate:.0f} times {quick.name} at its "
            f"best, {done.rate / plain.rate:.0f} times as it comes"
        )


def more(rules: Sequence[Rule], engine: Engine, lines: Lines) -> None:
    """Print what one event takes alone, what two cores give, and what more rules cost."""
    first, second = halves(lines)
    taken = engine.latencies(islice(second, SINGLE))
    print(
        f"\none event alone, warm: median {taken[len(taken) // 2] * 1e6:.0f} µs, "
        f"p99 {taken[len(taken) * 99 // 100] * 1e6:.0f} µs, longest {taken[-1] * 1e3:.1f} ms"
    )
    twice = speedup(engine, second)
    said = "no fork here"
    if twice:
        said = f"{twice.going:.2f} times one, {twice.begun:.2f} with being forked counted"
    print(f"two processes: {said}", flush=True)
    multiple = list(multiplied(rules, TIMES))
    many = Engine(multiple)
    many.run("to warm", first)
    few = Engine(rules)
    few.run("to warm", first)
    seconds = [(many.run("m", part).seconds, few.run("f", part).seconds) for part in thirds(second)]
    ratio = sum(m for m, _ in seconds) / sum(f for _, f in seconds)
    print(
        f"{len(multiple) / len(rules):.1f} times the rules ({len(multiple):,}): {ratio:.2f} times "
        "the time an event, warm, on events not seen before"
    )


def halves(lines: Lines) -> tuple[Lines, Lines]:
    """What engines are warmed on, and what they are timed on."""
    half = len(lines) // 2
    return lines.part(0, half), lines.part(half, len(lines))


def thirds(lines: Lines) -> list[Lines]:
    """Three parts, so that two engines take turns."""
    part = len(lines) // 3
    return [lines.part(n * part, (n + 1) * part) for n in range(3)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--only", choices=("real", "unique", "nested"), help="one corpus")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    rules = load_rules([RULES]).rules
    print(f"{machine()}; {len(rules):,} rules of SigmaHQ's rules/windows")
    with tempfile.TemporaryDirectory() as folder:
        real, unique = Path(folder) / "real.ndjson", Path(folder) / "unique.ndjson"
        nested = Path(folder) / "nested.ndjson"
        corpus.write(SHARED, options.events, real, unique, nested)
        if options.only in (None, "real"):
            lines = Lines.of(real)
            engine = measure("real events", rules, lines)
            more(rules, engine, lines)
            del engine
            gc.collect()
        if options.only in (None, "unique"):
            every = "the same, every GUID, id, time, hash and user unique"
            measure(every, rules, Lines.of(unique))
        if options.only in (None, "nested"):
            measure_nested(rules, Lines.of(nested))
    print(f"\npeak {peak_megabytes():,.0f} MB with all engines in memory")
    return 0


if __name__ == "__main__":
    sys.exit(main())
