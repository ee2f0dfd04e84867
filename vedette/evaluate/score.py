"""Cross-fitted detectors on a trial: what each says of the normals and of the test."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import registry
from models.base import Detector, Floats, Json
from models.calibrate.cross import CrossFitted, folds_of
from models.combine.fusion import BEYOND, Fusion
from models.threads import one_thread
from vedette.evaluate.measure import Mask
from vedette.evaluate.part import Trial
from vedette.evaluate.views import Make, adapted, view


@dataclass(frozen=True, slots=True)
class Scored:
    """A detector's log p on a trial.

    `train` and `test` count ties in full and are for thresholds; `middle_*` count half of them
    and are for fusion. `settled` says which normals calibration counted. Seconds are of CPU.
    """

    train: Floats
    test: Floats
    middle_train: Floats
    middle_test: Floats
    extrapolated: Mask
    settled: Mask
    fit_s: float
    score_s: float


def scored(
    name: str,
    trial: Trial,
    folds: int,
    seed: int,
    tokens: int | None = None,
    arguments: Mapping[str, Json] | None = None,
) -> Scored | None:
    """The detector `name` on `trial`; None where the trial has no data of the kind it takes.

    A transformer sees at most so many `tokens` in training, if that is told; once it sees all.
    `arguments` are those of its constructor that differ from its own defaults.
    """
    kind = registry.detector(name)
    seen = view(kind.takes, trial)
    if seen is None:
        return None
    with one_thread():
        started = time.process_time()
        make = _make(kind, seed, tokens, arguments or {})
        cross = CrossFitted(make, folds_of(trial.train.blocks, folds))
        cross.fit(seen(trial.train), trial.train.blocks)
        fitted = time.process_time()
        raw = cross.scores(seen(trial.test))
        test = cross.log_p(raw)
        ended = time.process_time()
    return Scored(
        train=cross.normal_log_p(),
        test=test,
        middle_train=cross.normal_log_p(middle=True),
        middle_test=cross.log_p(raw, middle=True),
        extrapolated=cross.extrapolated(raw),
        settled=cross.settled,
        fit_s=fitted - started,
        score_s=ended - fitted,
    )


def fused(parts: Sequence[Scored], rule: str, beyond: float = BEYOND) -> Scored:
    """The p of several detectors together, calibrated on the normals' p of all of them."""
    started = time.process_time()
    train = np.stack([part.middle_train for part in parts], axis=1)
    test = np.stack([part.middle_test for part in parts], axis=1)
    settled = np.logical_and.reduce([part.settled for part in parts])
    fusion = Fusion(rule, beyond).fit(train[settled])
    log_train, log_test = fusion.log_p(train), fusion.log_p(test)
    took = time.process_time() - started
    return Scored(
        train=log_train,
        test=log_test,
        middle_train=log_train,
        middle_test=log_test,
        extrapolated=fusion.calibrator.extrapolated(fusion.statistic(test)),
        settled=settled,
        fit_s=sum(part.fit_s for part in parts),
        score_s=sum(part.score_s for part in parts) + took,
    )


def _make(
    kind: type[Detector[object]], seed: int, tokens: int | None, arguments: Mapping[str, Json]
) -> Make:
    options: dict[str, Json] = {"seed": seed} if kind.seeded else {}
    if tokens is not None and kind.budgeted:
        options["budget"] = tokens
    options |= arguments
    return lambda: adapted(kind(**options))
