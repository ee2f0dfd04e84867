"""Time `vedette models fit` on 100,000 lines, with the default set of detectors.

    python -m tests.bench.fit

Once of OpenStack's lines, whose templates are found in their text, and once of the demo's office,
whose events say what they are by fields. OpenStack's have no time of their own: they get even ones,
over five days, and each of its files is a host. The office has 25 days, each with another seed.
Printed are CPU and passed seconds of the whole command, reading included, on one thread of NumPy
and torch.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from tests.bench.loading import machine
from tests.bench.templates import OPENSTACK
from tests.conftest import SHARED
from vedette.demo.day import START, generate_labelled

LINES = 100_000
DAYS = 5
BAR = 180
"""Seconds."""


def openstack() -> Iterator[dict[str, Any]]:
    """Lines of OpenStack, over and over, with made-up times."""
    start, step = datetime(2026, 11, 2, tzinfo=UTC), timedelta(days=DAYS) / LINES
    lines = [
        (path.stem, line)
        for path in sorted(OPENSTACK.glob("*.log"))
        for line in path.read_text("utf-8", "replace").splitlines()
    ]
    for number, (host, line) in enumerate(cycle(lines)):
        when = (start + number * step).isoformat()
        yield {"@timestamp": when, "host": {"name": host}, "message": line}


def office() -> Iterator[dict[str, Any]]:
    """Ordinary events of the demo's office, one day after the other."""
    for day in count():
        for event, truth in generate_labelled(1_000 + day, start=START + timedelta(days=day)):
            if truth is None:
                yield event


def fit(made: Callable[[], Iterator[dict[str, Any]]]) -> tuple[float, float, str]:
    """CPU and passed seconds of fitting, and what the command said."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.ndjson")
        with path.open("w") as out:
            out.writelines(json.dumps(event) + "\n" for event in islice(made(), LINES))
        command = [sys.executable, "-m", "vedette", "models", "fit", "bench", str(path)]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            command,
            env={**os.environ, "XDG_STATE_HOME": folder, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        passed, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, passed, done.stdout + done.stderr


def main() -> int:
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    print(machine())
    worst = 0.0
    for made in (openstack, office):
        cpu, passed, said = fit(made)
        print(f"{made.__name__}, {LINES:,} lines: {cpu:.0f} CPU-s, {passed:.0f} s passed")
        print("  " + said.strip().replace("\r", "\n").replace("\n", "\n  "))
        worst = max(worst, cpu)
    return int(worst > BAR)


if __name__ == "__main__":
    sys.exit(main())
