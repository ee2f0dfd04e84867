"""Which detectors to combine, and by which rule.

    python -m vedette.evaluate.choose ../shared/data

asks made-up anomalies of all sets (`madeup.py` and both kinds of `harder.py`), once for each seed
of the protocol; no label of a test takes part.

    python -m vedette.evaluate.choose --by FOLDER

asks labelled sessions of one's own instead (`sets/folder.py` says how they lie in the folder).

What a combination is worth on a set is half its PR-AUC and half its mean F1 at the protocol's
target rates, since both are asked of it: order, and thresholds that keep what they promise.

For each rule detectors are chosen greedily: the one that raises the mean worth over the sets most
is added until none does. The rule is chosen by leaving sets out: for each set, detectors are chosen
on the others, and worth what they are on the one that was left out. Taken is the rule that is worth
most there on average, with the detectors that it chooses on all. What comes out is
written into `protocol.toml` by hand, or not: docs/evaluation.md says what was taken, and why.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from models import registry
from models.base import Floats, Takes
from models.combine.rules import RULES
from models.errors import ModelError
from vedette.evaluate.harder import shifted, strangers
from vedette.evaluate.madeup import made_up
from vedette.evaluate.measure import Mask, curve
from vedette.evaluate.part import PublicSet
from vedette.evaluate.protocol import protocol
from vedette.evaluate.run import pooled
from vedette.evaluate.score import Scored, fused, scored
from vedette.evaluate.sets.folder import load_all
from vedette.evaluate.sets.registry import load

GAIN = 0.001
"""Worth that a further detector must add."""
BY = "--by"
NAMES = ("hdfs", "adfa-ld", "ait-ads", "openstack")
TAKES = (Takes.SESSIONS, Takes.VECTORS)
SLOW = frozenset({
    "gpt", "logbert", "lstm", "spectral",
    "denoising-autoencoder", "sparse-autoencoder", "variational-autoencoder",
})  # fmt: skip
"""What takes no part unless it is named: networks, and what takes minutes for a thousand items."""

Runs = Mapping[str, Sequence[Scored]]
"""What each detector says on each trial of a set."""


@dataclass(frozen=True, slots=True)
class Made:
    """A set with anomalies, made up from the set `name` or its own, and what detectors say."""

    name: str
    public: PublicSet
    runs: Runs


def worth(made: Made, names: Sequence[str], rule: str) -> float:
    """Half the PR-AUC and half the mean F1 at the target rates of `names` combined by `rule`."""
    parts = [trial.test for trial in made.public.trials]
    runs = [fused([made.runs[name][at] for name in names], rule) for at in range(len(parts))]
    log_p = pooled(runs).test
    labels = np.concatenate([part.labels for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    rates = protocol().rates_of(made.name)
    f1 = [_f1(log_p <= np.log(rate), labels, weights) for rate in rates]
    return (curve(-log_p, labels, weights).pr_auc() + float(np.mean(f1))) / 2


def _f1(flagged: Mask, labels: Mask, weights: Floats) -> float:
    true, false = (float(weights[flagged & each].sum()) for each in (labels, ~labels))
    return 2 * true / (true + false + float(weights[labels].sum()))


def mean_worth(found: Sequence[Made], names: Sequence[str], rule: str) -> float:
    """The mean over all that was found."""
    return float(np.mean([worth(made, names, rule) for made in found]))


def chosen(found: Sequence[Made], rule: str) -> tuple[list[str], float]:
    """The detectors that `rule` combines best, and what they are worth."""
    known = sorted(set.intersection(*(set(made.runs) for made in found)))
    names: list[str] = []
    best = 0.0
    while left := [name for name in known if name not in names]:
        found_worth = {name: mean_worth(found, [*names, name], rule) for name in left}
        name = max(found_worth, key=lambda each: found_worth[each])
        if found_worth[name] < best + GAIN:
            break
        names.append(name)
        best = found_worth[name]
    return names, best


def left_out(found: Sequence[Made], rule: str) -> dict[str, tuple[list[str], float]]:
    """For each set what `rule` chooses on the others, and what that is worth on it."""
    answers = {}
    for name in dict.fromkeys(made.name for made in found):
        names, _ = chosen([made for made in found if made.name != name], rule)
        own = [made for made in found if made.name == name]
        answers[name] = names, mean_worth(own, names, rule)
    return answers


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


def all_made(whole: Sequence[PublicSet], names: Sequence[str]) -> list[Made]:
    """All that is made up of each set, in every way and draw, and what `names` say of it."""
    learned = {public.name: list(public.trials[0].train.sessions) for public in whole}
    found = []
    for public in whole:
        others = [learned[name] for name in learned if name != public.name]
        for seed in protocol().seeds:
            for made in (
                made_up(public, seed),
                strangers(public, others, seed),
                shifted(public, others, seed),
            ):
                found.append(Made(public.name, made, runs_of(made, names)))
    return found


def all_labelled(folder: Path, names: Sequence[str]) -> list[Made]:
    """The labelled sets in `folder`, and what `names` say of them."""
    return [Made(each.name, each, runs_of(each, names)) for each in load_all(folder)]


def main(arguments: Sequence[str]) -> None:
    """Print what each rule chooses and is worth.

    Told are the data folder, or `--by` and a folder of labelled sets; then detectors, if not all.
    """
    by = BY in arguments[:1]
    data, *only = arguments[int(by) :]
    known = registry.detectors().items()
    names = only or [name for name, kind in known if kind.takes in TAKES and name not in SLOW]
    if by:
        found = all_labelled(Path(data), names)
    else:
        found = all_made([load(name, Path(data)) for name in NAMES], names)
    now = protocol()
    if set(now.fused) <= set.intersection(*(set(made.runs) for made in found)):
        click.echo(f"now: {now.rule} of {', '.join(now.fused)}: "
                   f"{mean_worth(found, now.fused, now.rule):.4f}")  # fmt: skip
    for rule in RULES:
        names, best = chosen(found, rule)
        click.echo(f"{rule:<10} {best:.4f}  {', '.join(names)}")
        answers = left_out(found, rule)
        mean = float(np.mean([each for _, each in answers.values()]))
        click.echo(f"  on sets left out {mean:.4f}")
        for name, (others, own) in answers.items():
            click.echo(f"    {name:<10} {own:.4f}  {', '.join(others)}")


if __name__ == "__main__":
    main(sys.argv[1:])
