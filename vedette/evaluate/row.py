"""One line of the table: a detector at one target rate on one set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.base import Floats
from vedette.evaluate.bootstrap import achieved
from vedette.evaluate.measure import Achieved, Curve, Mask, curve
from vedette.evaluate.part import Part
from vedette.evaluate.protocol import Protocol
from vedette.evaluate.score import Scored


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one detector at one target; means over seeds, `spread_*` their range.

    `new_*` are of sessions whose sequence occurs nowhere in training.
    """

    set: str
    detector: str
    target: float
    precision: float
    recall: float
    f1: float
    fpr: float
    fpr_low: float
    fpr_high: float
    recall_low: float
    recall_high: float
    f1_low: float
    f1_high: float
    calibration: str
    extrapolated: float
    pr_auc: float
    roc_auc: float
    oracle_f1: float
    fit_s: float
    score_s: float
    seeds: int
    spread_f1: float
    spread_pr_auc: float
    new_recall: float
    new_fpr: float
    recall_by_family: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The row as JSON, numbers in full."""
        return asdict(self)


def calibration(target: float, fpr: float) -> str:
    """`ok`, or `low` and `high` where the achieved rate is under half or over twice its target."""
    return "low" if fpr < target / 2 else "high" if fpr > target * 2 else "ok"


def rows_of(
    name: str, detector: str, runs: Sequence[Scored], part: Part, new: Mask, protocol: Protocol
) -> list[Row]:
    """A row for each target of the set `name`; `runs` has one element for each seed.

    `new` (n,) says which sequences of `part` occur nowhere in training.
    """
    curves = [curve(-run.test, part.labels, part.weights) for run in runs]
    return [
        _row(name, detector, target, runs, curves, part, new, protocol)
        for target in protocol.rates_of(name)
    ]


def _row(
    name: str,
    detector: str,
    target: float,
    runs: Sequence[Scored],
    curves: Sequence[Curve],
    part: Part,
    new: Mask,
    protocol: Protocol,
) -> Row:
    flags = [run.test <= np.log(target) for run in runs]
    got = [
        achieved(flag, part.labels, part.weights, part.blocks, protocol.bootstrap, protocol.seed)
        for flag in flags
    ]
    areas = [each.pr_auc() for each in curves]
    fpr = _mean([each.fpr for each in got])
    return Row(
        set=name,
        detector=detector,
        target=target,
        precision=_mean([each.precision for each in got]),
        recall=_mean([each.recall for each in got]),
        f1=_mean([each.f1 for each in got]),
        fpr=fpr,
        **_bounds(got),
        calibration=calibration(target, fpr),
        extrapolated=_mean([_share(f, r.extrapolated) for f, r in zip(flags, runs, strict=True)]),
        pr_auc=_mean(areas),
        roc_auc=_mean([each.roc_auc() for each in curves]),
        oracle_f1=_mean([each.oracle_f1() for each in curves]),
        fit_s=_mean([run.fit_s for run in runs]),
        score_s=_mean([run.score_s for run in runs]),
        seeds=len(runs),
        spread_f1=float(np.ptp([each.f1 for each in got])),
        spread_pr_auc=float(np.ptp(areas)),
        new_recall=_rate(flags, new & part.labels, part.weights),
        new_fpr=_rate(flags, new & ~part.labels, part.weights),
        recall_by_family=_families(flags, part),
    )


def _bounds(got: Sequence[Achieved]) -> dict[str, float]:
    """The widest bounds of any seed."""
    found = {}
    for key in ("fpr", "recall", "f1"):
        bounds = [getattr(each, f"{key}_bounds") for each in got]
        found[f"{key}_low"] = min(low for low, _ in bounds)
        found[f"{key}_high"] = max(high for _, high in bounds)
    return found


def _families(flags: Sequence[Mask], part: Part) -> dict[str, float]:
    names = np.array(part.families)
    return {
        str(name): _mean([float(flag[names == name].mean()) for flag in flags])
        for name in sorted(set(part.families) - {""})
    }


def _rate(flags: Sequence[Mask], among: Mask, weights: Floats) -> float:
    """The share of alerts `among` some, by weight; 0 where there are none."""
    if not among.any():
        return 0.0
    return _mean([float(np.average(flag[among], weights=weights[among])) for flag in flags])


def _share(flags: Mask, extrapolated: Mask) -> float:
    """The share of alerts whose p rests on the fitted tail."""
    return float((flags & extrapolated).sum() / max(int(flags.sum()), 1))


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values))
