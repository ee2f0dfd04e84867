"""How much memory a hunt takes, with many rules, on an input and on several times as much.

python -m tests.bench.memory
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.recordings import recordings
from tests.conftest import SHARED
from vedette.rulesets import OWN_RULES

BAR = 400
"""Megabytes."""

_CHILD = """
import resource, sys
from vedette.cli.main import entry
try:
    entry()
finally:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak {peak} MB", file=sys.stderr)
"""


def hunt(inputs: Sequence[Path]) -> tuple[int, int]:
    """Megabytes at most, and the number of rules, of a hunt with all rules that there are."""
    folders = [*sorted((SHARED / "sigmahq").glob("rules*")), OWN_RULES]
    rules = [part for folder in folders for part in ("--rules", str(folder))]
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "hunt", *map(str, inputs), *rules, "--output", "ndjson"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    peak, loaded = (
        re.search(r"peak (\d+) MB", done.stderr),
        re.search(r"([\d,]+) rules loaded", done.stderr),
    )
    if done.returncode or not peak or not loaded:
        raise RuntimeError(done.stderr[-2000:])
    return int(peak[1]), int(loaded[1].replace(",", ""))


def main() -> int:
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    found = recordings(SHARED)
    worst = 0
    for name, share in (("a quarter of the recordings", len(found) // 4), ("all", len(found))):
        chosen = found[:share]
        peak, rules = hunt([recording.path for recording in chosen])
        events = sum(recording.events for recording in chosen)
        print(f"{name}: {events:,} events, {rules:,} rules, peak {peak:,} MB", flush=True)
        worst = max(worst, peak)
    print(f"{'ok  ' if worst <= BAR else 'FAIL'} at most {BAR} MB")
    return 0 if worst <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
