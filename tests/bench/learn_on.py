"""What learning on is worth: a model of three days of the demo's office, and what two more bring.

    python -m tests.bench.learn_on FOLDER [--days N]

The five ordinary days from which `demo-office` comes are written into FOLDER as `1.ndjson` to
`5.ndjson`, for `vedette models fit` and `vedette models update`. Then a model of the first three is
held against the same after it learned on from the fourth and the fifth, and against one that was
fitted anew on all five: other days are scored, each with its intrusion. Told is how many windows
have a p up to some values, those that hold an event of the intrusion and ordinary ones, and how
many of the first are stranger than all but a share of the ordinary ones.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import timedelta
from math import log
from pathlib import Path
from typing import Any

from engine.normalise import normalise
from engine.ports import Record
from engine.score.observe import observation
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.update import update
from tests.bench.second import FIRST, MOST, SHARES, Day, day
from vedette.demo.day import START, generate_labelled
from vedette.demo.model import PLAN, SEEDS

LEARNED = 3
"""Days that are learned at first."""


def ordinary(number: int, seed: int) -> list[dict[str, Any]]:
    """The ordinary documents of one of the five days."""
    start = START - timedelta(days=7 - number)
    return [document for document, truth in generate_labelled(seed, start=start) if truth is None]


def observed(documents: list[dict[str, Any]]) -> list[Observation]:
    """What models are told of them."""
    found = (observation(normalise(Record(each, "demo"), None)) for each in documents)
    return [each for each in found if each is not None]


def row(name: str, bundle: Bundle, scored: list[Day], cpu: float) -> str:
    """One row of the table."""
    told = [
        (each.log_p, (str(each.window.entity), each.window.start) in attacked)
        for observations, attacked in scored
        for each in bundle.score(observations)
    ]
    cells = [
        f"{sum(bad for p, bad in told if p <= log(most)):,} / "
        f"{sum(not bad for p, bad in told if p <= log(most)):,}"
        for most in MOST
    ]
    usual = sorted(p for p, bad in told if not bad)
    cells += [
        f"{sum(bad for p, bad in told if p < usual[int(share * len(usual))]):,}" for share in SHARES
    ]
    attacks = sum(bad for _, bad in told)
    return " | ".join(
        [f"| {name}", *cells, f"{attacks:,} / {len(told) - attacks:,}", f"{cpu:.1f} s |"]
    )


def main() -> None:
    """Write the days, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=20)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    days = [ordinary(number, seed) for number, seed in enumerate(SEEDS)]
    for number, documents in enumerate(days, 1):
        lines = "".join(json.dumps(each) + "\n" for each in documents)
        (arguments.folder / f"{number}.ndjson").write_text(lines)
    seen = [observed(documents) for documents in days]
    scored = [day(FIRST + number, PLAN.width) for number in range(arguments.days)]
    print("| model | " + " | ".join(f"p up to {most:g}" for most in MOST)
          + "".join(f" | all but {share:.1%}" for share in SHARES)
          + " | all windows | CPU to learn |")  # fmt: skip
    print("|---" * (len(MOST) + len(SHARES) + 3) + "|")
    began = time.process_time()
    bundle = Bundle.fit([each for some in seen[:LEARNED] for each in some], PLAN)
    print(row("three days", bundle, scored, time.process_time() - began), flush=True)
    for number in range(LEARNED, len(seen)):
        began = time.process_time()
        bundle = update(bundle, seen[number]).bundle
        cpu = time.process_time() - began
        print(row(f"and day {number + 1} learned on", bundle, scored, cpu), flush=True)
    began = time.process_time()
    whole = Bundle.fit([each for some in seen for each in some], PLAN)
    print(row("five days, fitted anew", whole, scored, time.process_time() - began), flush=True)


if __name__ == "__main__":
    main()
