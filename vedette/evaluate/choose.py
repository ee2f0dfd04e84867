"""Which detectors to combine, and by which rule: chosen on made-up anomalies of all sets.

    python -m vedette.evaluate.choose ../shared/data

Greedily: the detector that raises the mean PR-AUC over the sets most is added until none does. What
comes out was written into `protocol.toml` by hand. No test of any set takes part.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np

from models import registry
from models.base import Takes
from models.combine.rules import RULES
from models.errors import ModelError
from vedette.evaluate.madeup import made_up
from vedette.evaluate.measure import curve
from vedette.evaluate.part import PublicSet
from vedette.evaluate.protocol import protocol
from vedette.evaluate.run import pooled
from vedette.evaluate.score import Scored, fused, scored
from vedette.evaluate.sets.registry import load

GAIN = 0.001
"""PR-AUC that a further detector must add."""
NAMES = ("hdfs", "adfa-ld", "ait-ads", "openstack")
TAKES = (Takes.SESSIONS, Takes.VECTORS)

Runs = Mapping[str, Sequence[Scored]]
"""What each detector says on each trial of a set."""


def area(public: PublicSet, runs: Runs, names: Sequence[str], rule: str) -> float:
    """PR-AUC on `public` of the detectors `names` combined by `rule`."""
    trials = [fused([runs[name][at] for name in names], rule) for at in range(len(public.trials))]
    labels = np.concatenate([trial.test.labels for trial in public.trials])
    weights = np.concatenate([trial.test.weights for trial in public.trials])
    return curve(-pooled(trials).test, labels, weights).pr_auc()


def chosen(found: Sequence[tuple[PublicSet, Runs]], rule: str) -> tuple[list[str], float]:
    """The detectors that `rule` combines best, and their mean area over the sets."""
    known = sorted(set.intersection(*(set(runs) for _, runs in found)))
    names: list[str] = []
    best = 0.0
    while left := [name for name in known if name not in names]:
        areas = {
            name: float(np.mean([area(p, runs, [*names, name], rule) for p, runs in found]))
            for name in left
        }
        name = max(areas, key=lambda each: areas[each])
        if areas[name] < best + GAIN:
            break
        names.append(name)
        best = areas[name]
    return names, best


def runs_of(public: PublicSet, names: Sequence[str]) -> Runs:
    """What each of `names` says on each trial, of those that can learn from all of them."""
    folds = protocol().folds
    found: dict[str, list[Scored]] = {}
    for name in names:
        try:
            each = [scored(name, trial, folds, 0) for trial in public.trials]
        except ModelError as error:
            click.echo(f"{public.name}: {name}: {error}", err=True)
            continue
        found[name] = [one for one in each if one is not None]
    return found


def main(arguments: Sequence[str]) -> None:
    """Print, for every rule, the detectors chosen: data folder, then detectors to choose from."""
    data, *only = arguments
    names = only or [n for n, kind in registry.detectors().items() if kind.takes in TAKES]
    sets = [made_up(load(name, Path(data))) for name in NAMES]
    found = [(public, runs_of(public, names)) for public in sets]
    for rule in RULES:
        best, mean = chosen(found, rule)
        click.echo(f"{rule:<10} {mean:.4f}  {', '.join(best)}")


if __name__ == "__main__":
    main(sys.argv[1:])
