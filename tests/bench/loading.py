"""Time the loading of a rule set: compiled from nothing, from the cache, and the bare command.

    python -m tests.bench.loading                  SigmaHQ's rules, from the public data folder
    python -m tests.bench.loading --rules FOLDER

Each figure is the wall-clock time of a process of its own, the least of some; what is timed of a
load is the load alone. The exit code is 1 when a bar is missed, 2 when there are no rules.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import ROOT, SHARED

BARS = {"compiled from nothing": 10.0, "from the cache": 1.0, "vedette --help": 0.3}
"""Seconds that each may take."""

LOAD = """
import sys, time
from pathlib import Path
from engine.rule import Selection
from vedette import rulesets

started, used = time.perf_counter(), time.process_time()
found = rulesets.load([Path(sys.argv[1])], Selection())
print(len(found), time.perf_counter() - started, time.process_time() - used)
"""


def machine() -> str:
    """The processor's name, how many there are, and Python's version."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{names[0] if names else sys.platform}, {os.cpu_count()} CPUs, Python {version}"


def load(rules: Path, cache: str) -> tuple[int, float, float]:
    """Rules, wall-clock seconds and CPU seconds of one load in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(rules)],
        env={**os.environ, "XDG_CACHE_HOME": cache, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, wall, cpu = done.stdout.split()
    return int(count), float(wall), float(cpu)


def start() -> float:
    """Wall-clock seconds of `vedette --help`."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "vedette", "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.loading", description=__doc__)
    parser.add_argument("--rules", type=Path, default=SHARED / "sigmahq" / "rules")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if not options.rules.is_dir():
        print(f"no rules at {options.rules}")
        return 2
    print(machine())
    with TemporaryDirectory() as cache:
        first = load(options.rules, cache)
        later = min((load(options.rules, cache) for _ in range(options.repeat)), key=lambda t: t[1])
        assert later[0] == first[0]
        size = sum(file.stat().st_size for file in Path(cache).rglob("*.rules"))
    help_ = min(start() for _ in range(options.repeat))
    print(f"{first[0]:,} rules; the cache has {size / 1e6:.1f} MB")
    seconds = dict(zip(BARS, (first[1], later[1], help_), strict=True))
    for name, bar in BARS.items():
        verdict = "ok" if seconds[name] <= bar else "MISSED"
        print(f"  {name:<24} {seconds[name]:>7.2f} s   at most {bar:.1f} s   {verdict}")
    print(f"  CPU: {first[2]:.2f} s from nothing, {later[2]:.2f} s from the cache")
    return int(any(seconds[name] > bar for name, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
