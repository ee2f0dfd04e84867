"""Time templates on OpenStack's logs, beside Drain3 with the same mask, in one run.

    python -m tests.bench.templates

The lines are those of the public data folder in their order, several times over; from the second
time on every UUID in them is another one, as it would be in a log that goes on. Both start with
nothing learned, both are timed in processor seconds over all lines, in turns, block by block. What
transfers to another machine is the ratio. Then lines that are known are timed one by one, and the
groups of the 16 public sets of 2,000 lines are compared with those that people made by hand.
"""

from __future__ import annotations

import csv
import platform
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from models.template.accuracy import grouping
from models.template.templates import Templates
from tests.bench.__main__ import machine
from tests.conftest import SHARED
from tests.models.template.reference import OURS, Reference

OPENSTACK = SHARED / "logs" / "openstack"
LOGHUB = SHARED / "logs" / "loghub"
TIMES = 10
BLOCK = 10_000
ALONE = 20_000
"""Lines that are timed one by one."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HEX = "0123456789abcdef"


def openstack() -> list[str]:
    """The lines of all its files, in the order of the files' names."""
    paths = sorted(OPENSTACK.glob("*.log"))
    return [line for path in paths for line in path.read_text("utf-8", "replace").splitlines()]


def renamed(lines: Sequence[str], time_: int) -> list[str]:
    """The lines with other UUIDs: each digit is `time_` further on."""
    table = str.maketrans(HEX, HEX[time_:] + HEX[:time_])
    return [UUID.sub(lambda match: match.group().translate(table), line) for line in lines]


def stream(lines: Sequence[str], times: int) -> Iterator[list[str]]:
    """Blocks of the lines, again and again, each time with other UUIDs."""
    for time_ in range(times):
        again = renamed(lines, time_)
        for at in range(0, len(again), BLOCK):
            yield again[at : at + BLOCK]


def took(work: Callable[[], object]) -> float:
    """Processor seconds that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def speed() -> None:
    """Print lines a processor second, ours and Drain3's, and whether the groups are the same."""
    lines = openstack()
    ours, theirs = Templates(), Reference(*OURS)
    seconds, reference, count, same = 0.0, 0.0, 0, True
    first = None
    for block in stream(lines, TIMES):
        found: list[int] = []
        expected: list[int] = []
        seconds += took(lambda block=block, found=found: found.extend(ours.learn_all(block)))  # type: ignore[misc]
        reference += took(lambda block=block, out=expected: out.extend(theirs.learn_all(block)))  # type: ignore[misc]
        count += len(block)
        same = same and found == expected
        if first is None and count >= len(lines):
            first = (count / seconds, count / reference)
    assert first is not None
    print(f"{len(lines):,} lines of OpenStack, {TIMES} times over: {count:,} lines")
    print(f"  ours, from nothing       {count / seconds:>9,.0f} lines per CPU second")
    print(f"  Drain3, the same mask    {count / reference:>9,.0f} lines per CPU second")
    print(
        f"  ratio {reference / seconds:.1f}; the first time alone {first[0]:,.0f} "
        f"and {first[1]:,.0f}"
    )
    print(f"  {len(ours)} templates; the same group for every line: {same}")
    print(f"  the same templates: {ours.texts() == theirs.texts()}")
    known(ours, renamed(lines, 1)[:ALONE])


def known(templates: Templates, lines: Sequence[str]) -> None:
    """Print what a line costs whose template is known, alone and among others."""
    templates.match_all(lines)
    alone = took(lambda: [templates.match(line) for line in lines]) / len(lines)
    among = took(lambda: templates.match_all(lines)) / len(lines)
    print(f"  a line already known: {alone * 1e6:.1f} µs alone, {among * 1e6:.1f} µs among others")


def sets() -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, messages and true templates' names of each set of 2,000 lines."""
    for path in sorted(LOGHUB.glob("*/*_structured.csv")):
        rows = _rows(path)
        yield path.parent.name, [row["Content"] for row in rows], [row["EventId"] for row in rows]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accuracy() -> None:
    """Print grouping accuracy on each set, ours and Drain3's."""
    print(f"\n{'set':<14} {'ours':>6} {'Drain3':>7} {'without mask':>13}")
    figures = []
    for name, lines, truth in sets():
        found = Templates().learn_all(lines), Reference(*OURS).learn_all(lines)
        plain = Reference().learn_all(lines)
        row = [grouping(truth, each).accuracy for each in (*found, plain)]
        figures.append(row)
        print(f"{name:<14} {row[0]:>6.3f} {row[1]:>7.3f} {row[2]:>13.3f}")
    mean = [sum(column) / len(figures) for column in zip(*figures, strict=True)]
    print(f"{'mean':<14} {mean[0]:>6.3f} {mean[1]:>7.3f} {mean[2]:>13.3f}")


def main() -> int:
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    print(f"{machine()}, {platform.system()}")
    speed()
    accuracy()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
