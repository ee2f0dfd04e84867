"""Which detectors to combine, and by which rule.

    python -m vedette.evaluate.choose ../shared/data

With `--harder` the made-up sets are those of `madeup.py` and both kinds of `harder.py`.

The detectors are chosen on made-up anomalies of all sets, once for each seed of the protocol, and
for each rule. Greedily: the detector that raises the mean PR-AUC over the sets most is added until
none does. Taken are those of the rule that comes out best.

Anomalies that are made up hide in sessions like those that were learned, and a test's normals are
less like them. So the rule is chosen by leaving sets out: for each set the rule with the highest
sum of two means, that of all made-up sets and that of the tests of the other sets. If the same rule
comes out whichever set is left out, one configuration serves all, and none was chosen on the test
that it is scored on. What comes out was written into `protocol.toml` by hand.
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
from vedette.evaluate.harder import shifted, strangers
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
HARDER = "--harder"
TAKES = (Takes.SESSIONS, Takes.VECTORS)

Runs = Mapping[str, Sequence[Scored]]
"""What each detector says on each trial of a set."""
Tests = Mapping[str, tuple[PublicSet, Runs]]
"""Sets as they are, by name."""


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


def rule_without(
    left: str, names: Sequence[str], made: Sequence[tuple[PublicSet, Runs]], tests: Tests
) -> tuple[str, float]:
    """The rule that combines `names` best on made-up sets and on all tests but that of `left`."""
    others = [found for name, found in tests.items() if name != left]

    def both(rule: str) -> float:
        means = [
            np.mean([area(p, runs, names, rule) for p, runs in each]) for each in (made, others)
        ]
        return float(sum(means))

    best = max(RULES, key=both)
    return best, both(best)


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


def harder(whole: Sequence[PublicSet]) -> list[PublicSet]:
    """The harder made-up sets of each, with what the first trials of the others learn from."""
    known = {public.name: list(public.trials[0].train.sessions) for public in whole}
    return [
        make(public, [known[name] for name in known if name != public.name], seed)
        for make in (strangers, shifted)
        for public in whole
        for seed in protocol().seeds
    ]


def main(arguments: Sequence[str]) -> None:
    """Print what each rule chooses, and the rule: data folder, then detectors to choose from."""
    data, *only = [each for each in arguments if each != HARDER]
    candidates = only or [n for n, kind in registry.detectors().items() if kind.takes in TAKES]
    whole = [load(name, Path(data)) for name in NAMES]
    sets = [made_up(public, seed) for public in whole for seed in protocol().seeds]
    if HARDER in arguments:
        sets += harder(whole)
    made = [(public, runs_of(public, candidates)) for public in sets]
    best: tuple[list[str], float] = [], 0.0
    for rule in RULES:
        names, mean = chosen(made, rule)
        click.echo(f"{rule:<10} {mean:.4f}  {', '.join(names)}")
        best = max(best, (names, mean), key=lambda found: found[1])
    tests = {public.name: (public, runs_of(public, best[0])) for public in whole}
    for name in tests:
        rule, mean = rule_without(name, best[0], made, tests)
        click.echo(f"without {name:<10} {mean:.4f}  {rule}")


if __name__ == "__main__":
    main(sys.argv[1:])
