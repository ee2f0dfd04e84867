"""What a second look is good for: days of the demo's office, each with its intrusion.

    python -m tests.bench.second [--days N] [--validator NAME]...

The demo's model is fitted on its five ordinary days, once as it is and once with each detector as
its validator (`models/combine/validator.py`); then other days are scored, each made from a seed of
its own. Told is how many windows have a p up to some values: those that hold an event of the
intrusion, and ordinary ones; and, since p may be more or less careful than it says, how many of the
first are stranger than all but a share of the ordinary ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from math import log

from engine.normalise import normalise
from engine.ports import Record
from engine.score.observe import observation
from engine.score.signals import signals
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import DEFAULT, Plan
from vedette.bundles import Gathered
from vedette.demo.day import generate_labelled
from vedette.demo.model import PLAN, days

VALIDATORS = ("gpt", "lstm", "markov", "count-vector", "embedding-hdbscan")
FIRST = 1_001
MOST = (0.005, 0.01, 0.05)
SHARES = (0.001, 0.005)

Day = tuple[list[Observation], set[tuple[str, float]]]


def day(seed: int, width: float, asked: Sequence[str] = ()) -> Day:
    """What is observed on a day, and which windows hold a part of its intrusion.

    `asked` are signals that features ask of each event.
    """
    found, attacked = [], set()
    for document, truth in generate_labelled(seed):
        event = normalise(Record(document, "demo"), None)
        seen = observation(event)
        if seen is None:
            continue
        found.append(replace(seen, signals=signals(event, asked)))
        if truth is not None:
            attacked.add((seen.entity, seen.time // width * width))
    return found, attacked


def row(validator: str, learned: Sequence[Observation], scored: Sequence[Day]) -> str:
    """One row of the table."""
    plan: Plan = PLAN
    if validator:
        detectors = {**PLAN.detectors}
        detectors.setdefault(validator, DEFAULT.get(validator, {}))
        plan = replace(PLAN, detectors=detectors, validator=validator)
    before = time.process_time()
    bundle = Bundle.fit(learned, plan)
    fitted = time.process_time() - before
    told = [
        (each.log_p, (str(each.window.entity), each.window.start) in attacked)
        for observations, attacked in scored
        for each in bundle.score(observations)
    ]
    spent = time.process_time() - before - fitted
    attacks = sum(bad for _, bad in told)
    return " | ".join(
        [f"| {validator or 'none'}", *cells(told), f"{attacks:,} / {len(told) - attacks:,}",
         f"{fitted:.1f} s", f"{spent:.1f} s |"]
    )  # fmt: skip


def cells(told: Sequence[tuple[float, bool]]) -> list[str]:
    """Windows that are told of, by their log p and whether they hold a part of the intrusion."""
    found = [
        f"{sum(bad for p, bad in told if p <= log(most)):,} / "
        f"{sum(not bad for p, bad in told if p <= log(most)):,}"
        for most in MOST
    ]
    ordinary = sorted(p for p, bad in told if not bad)
    found += [
        f"{sum(bad for p, bad in told if p < ordinary[int(share * len(ordinary))]):,}"
        for share in SHARES
    ]
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--validator", action="append")
    arguments = parser.parse_args()
    gathered = Gathered()
    gathered.add(days())
    scored = [day(FIRST + number, PLAN.width) for number in range(arguments.days)]
    print("| looks again | " + " | ".join(f"p up to {most:g}" for most in MOST)
          + "".join(f" | all but {share:.1%}" for share in SHARES)
          + " | all windows | CPU to fit | CPU to score |")  # fmt: skip
    print("|---" * (len(MOST) + len(SHARES) + 4) + "|")
    for validator in ("", *(arguments.validator or VALIDATORS)):
        print(row(validator, gathered.observations, scored), flush=True)


if __name__ == "__main__":
    main()
