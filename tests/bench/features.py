"""What features cost and give: days of the demo's office, each with its intrusion.

    python -m tests.bench.features [--days N] [--detector NAME]...

Detectors of vectors are fitted together on the demo's five ordinary days, once by counts of kinds
alone and once with each other feature beside them; then other days are scored, each made from a
seed of its own. The columns are those of `second.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from models.bundle.bundle import Bundle
from models.bundle.plan import Plan
from tests.bench.second import FIRST, MOST, SHARES, Day, cells, day
from vedette.bundles import Gathered
from vedette.demo.model import days

DETECTORS = ("pca", "isolation-forest", "k-means")
CHOICES = (
    ("counts",),
    ("counts", "figures"),
    ("counts", "levels"),
    ("counts", "times"),
    ("counts", "words"),
    ("counts", "characters"),
    ("counts", "counter:EventRecordID"),
    ("figures", "times"),
)


def row(detectors: Sequence[str], features: Sequence[str], count: int) -> str:
    """One row of the table."""
    plan = Plan({name: {} for name in detectors}, features=tuple(features))
    gathered = Gathered(signals=plan.signals)
    gathered.add(days())
    scored: list[Day] = [day(FIRST + at, plan.width, plan.signals) for at in range(count)]
    before = time.process_time()
    bundle = Bundle.fit(gathered.observations, plan)
    fitted = time.process_time() - before
    told = [
        (each.log_p, (str(each.window.entity), each.window.start) in attacked)
        for observations, attacked in scored
        for each in bundle.score(observations)
    ]
    spent = time.process_time() - before - fitted
    names = ", ".join(f"`{name}`" for name in features)
    return " | ".join([f"| {names}", *cells(told), f"{fitted:.1f} s", f"{spent:.1f} s |"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--detector", action="append")
    arguments = parser.parse_args()
    print("| features | " + " | ".join(f"p up to {most:g}" for most in MOST)
          + "".join(f" | all but {share:.1%}" for share in SHARES)
          + " | CPU to fit | CPU to score |")  # fmt: skip
    print("|---" * (len(MOST) + len(SHARES) + 3) + "|")
    row(arguments.detector or DETECTORS, CHOICES[0], 1)  # loads libraries
    for features in CHOICES:
        print(row(arguments.detector or DETECTORS, features, arguments.days), flush=True)


if __name__ == "__main__":
    main()
