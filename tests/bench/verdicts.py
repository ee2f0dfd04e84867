"""Whether a confidence that was learned from verdicts is a probability, on AIT-ADS.

    python -m tests.bench.verdicts [FOLDER]

The alerts, draws and halves are those of `vedette evaluate feedback` by chance (`replay.py`): what
is measured is like what was judged, so that probabilities can hold. Told are the Brier score and
the log loss, means over the draws with two true verdicts or more, of the regression, of the trees'
own odds, of the trees as they are used (`models/combine/platt.py`), and of saying of each the share
of true alerts, which nobody knows beforehand.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from models.base import Floats
from models.combine.boosting import Boosting
from models.combine.supervised import Logistic
from vedette.evaluate.protocol import protocol
from vedette.evaluate.replay import VERDICTS, Mask, Queue, by_chance, features, queue

LEAST = 1e-12
"""What a probability of none is taken for, whose log loss has no end."""


def losses(sure: Floats, labels: Mask) -> tuple[float, float]:
    """The Brier score and the log loss of probabilities."""
    p = np.clip(sure, LEAST, 1 - LEAST)
    return float(((p - labels) ** 2).mean()), float(-np.log(np.where(labels, p, 1 - p)).mean())


def measured(found: Queue, number: int) -> tuple[int, dict[str, tuple[float, float]]]:
    """Of how many draws, and the mean losses by name."""
    draws, told = 0, defaultdict(list)
    for judged, asked in by_chance(found, number):
        labels, truth = found.labels[judged], found.labels[asked]
        if min(labels.sum(), (~labels).sum()) < 2:
            continue
        draws += 1
        known, others = features(found, judged, judged), features(found, asked, judged)
        sure = {
            "regression": Logistic().fit(known, labels).probability(others),
            "trees' own odds": Boosting().fit(known, labels).probability(others),
            "trees": Boosting().calibrated(known, labels).probability(others),
            "the share": np.full(len(asked), truth.mean()),
        }
        for name, each in sure.items():
            told[name].append(losses(each, truth))
    means = {name: np.mean(each, axis=0).tolist() for name, each in told.items()}
    return draws, {name: (brier, loss) for name, (brier, loss) in means.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data"))
    found = queue(parser.parse_args().folder, protocol())
    print("verdicts  draws  learned by         Brier  log loss")
    for number in VERDICTS:
        draws, means = measured(found, number)
        for name, (brier, loss) in means.items():
            print(f"{number:>8,}  {draws:>5}  {name:<15}  {brier:>7.4f}  {loss:>8.4f}")


if __name__ == "__main__":
    main()
