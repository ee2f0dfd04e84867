"""What other windows are good for: days of the demo's office, each with its intrusion.

    python -m tests.bench.cuts [--days N]

The demo's model is fitted on its five ordinary days by windows of ten minutes, by windows that
overlap, by sessions that end at a gap, and by windows of an hour; then other days are scored, each
made from a seed of its own. As windows are of unlike number and length, told is what a budget of
alerts a day brings: alerts (of windows that overlap one) that hold an event of the intrusion and
ordinary ones, how many of the intrusion's events the first have, and how many events are in these.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from engine.normalise import normalise
from engine.ports import Record
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.overlap import Overlaps
from models.bundle.bundle import Bundle, Scored
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from vedette.bundles import Gathered, iso
from vedette.demo.day import generate_labelled
from vedette.demo.model import PLAN, days

PLANS = (
    PLAN,
    replace(PLAN, step=300.0),
    replace(PLAN, step=120.0),
    replace(PLAN, width=1_440.0, gap=120.0),
    replace(PLAN, width=3_600.0, gap=300.0),
    replace(PLAN, width=3_600.0),
)
BUDGETS = (1.0, 5.0)
FIRST = 1_001


class Day(NamedTuple):
    """What is observed on a day, and which of it is of the intrusion, by place."""

    seen: list[Observation]
    bad: set[int]


def day(seed: int) -> Day:
    """A day from its seed."""
    made = Day([], set())
    for document, truth in generate_labelled(seed):
        seen = observation(normalise(Record(document, "demo"), None))
        if seen is None:
            continue
        if truth is not None:
            made.bad.add(len(made.seen))
        made.seen.append(seen)
    return made


def alerts(plan: Plan, scored: Sequence[Scored], p: float) -> list[Scored]:
    """Those up to p, of windows that overlap the strangest."""
    overlaps = Overlaps(0.0 if plan.step is None else plan.width)
    found = []
    for each in sorted(scored, key=lambda each: (each.log_p, each.window.start)):
        window = str(each.window.entity), each.window.start, each.log_p
        if each.p <= p and not overlaps.known(*window):
            overlaps.add(*window)
            found.append(each)
    return found


def row(plan: Plan, learned: Sequence[Observation], others: Sequence[Day]) -> str:
    """One row of the table."""
    before = time.process_time()
    bundle = Bundle.fit(learned, plan)
    fitted = time.process_time() - before
    times = [each.time for each in learned]
    model = Model("", "", bundle, {"from": iso(min(times)), "to": iso(max(times))})
    scored = [(each, bundle.score(each.seen)) for each in others]
    spent = time.process_time() - before - fitted
    cells = []
    for budget in BUDGETS:
        p = budget / model.windows_a_day()
        true = false = read = 0
        hit: set[tuple[int, int]] = set()
        for number, (one, windows) in enumerate(scored):
            for each in alerts(plan, windows, p):
                bad = one.bad.intersection(each.window.positions)
                hit |= {(number, at) for at in bad}
                true, false = true + bool(bad), false + (not bad)
                read += len(each.window) if bad else 0
        cells.append(f"{true:,} / {false:,} | {len(hit):,} of {read:,}")
    return (
        f"| {plan.windows} | {sum(len(windows) for _, windows in scored):,} | {' | '.join(cells)} "
        f"| {fitted:.1f} s | {spent:.1f} s |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20)
    arguments = parser.parse_args()
    gathered = Gathered()
    gathered.add(days())
    others = [day(FIRST + number) for number in range(arguments.days)]
    print(f"{sum(len(each.bad) for each in others):,} events of the intrusion")
    asked = " | ".join(f"{budget:g} a day | its events" for budget in BUDGETS)
    print(f"| windows | in all | {asked} | CPU to fit | CPU to score |")
    print("|---" * (2 * len(BUDGETS) + 4) + "|")
    for plan in PLANS:
        print(row(plan, gathered.observations, others), flush=True)


if __name__ == "__main__":
    main()
