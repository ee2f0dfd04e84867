"""A bundle that learns on: newer windows beside what it remembers, and a look back.

    done = update(bundle, observations)
    done.changes, done.whole, done.bundle        what it did to old data; the bundle to go on with

Every normal that calibrates is scored by a detector that never learned it, as at the first fit: the
ones that were fitted without a fold learn on too, each without the new windows of its own fold, and
score the fold's old and new windows. So the p-values of old windows stay those of windows of
another day, whatever the scale on which a detector's scores have grown.

Detectors that go on learning (`Online`) get the new windows; those that learn by steps (networks)
forget, and get the remembered ones with them. All others are fitted anew on the remembered and the
new ones. A detector that by this tells old windows worse from strange ones made of them
(`made_up.py`) stays as it was: kinds that are new stay unknown to it if it counts.

The scale of features, of all windows and without each fold, stays that of the first fit: what is
learned later is told in its units, and no score moves because a unit did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from models.base import UNKNOWN, Detector, Floats, Json
from models.bundle import featured
from models.bundle.bundle import Bundle, drawn
from models.bundle.counted import Counted, usual
from models.bundle.featured import Featured
from models.bundle.features import seen_by
from models.bundle.joined import Joined
from models.bundle.learner import ON, Learner, Run, how
from models.bundle.made_up import made_up
from models.bundle.memory import Memory, scores
from models.bundle.observation import Observation
from models.bundle.part import Part, data_of
from models.bundle.plan import Plan
from models.bundle.records import MEASURE, hash_of
from models.bundle.views import Windowed, windowed
from models.calibrate.calibrator import Calibrator
from models.calibrate.cross import folds_of, take
from models.errors import DataError, ModelError
from models.feature.windows import Window
from models.prepare.sample import rare
from models.template.event import EventTemplates
from models.train.record import record
from models.train.replay import MOST_LOST

COMMON = 0.01
"""The p up to which old and new windows are counted before and after."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an update made of a detector, or of all: PR-AUC of old windows against strange ones made
    of them, before and after it. It is `kept`, or the detector stays as it was.
    """

    name: str
    how: str
    before: float
    after: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Updated:
    """The bundle after an update, and what the update did.

    `before` and `after` are the shares of old, then of new windows with a p up to `COMMON`: before
    and after it, by detectors that had not learned them.
    """

    bundle: Bundle
    changes: Sequence[Change]
    whole: Change
    old: int
    """Windows that were remembered, of training."""
    windows: int
    kinds: int
    """Kinds of events that it did not know."""
    moved: int
    """Events that were known, and have the number of another kind now."""
    before: tuple[float, float]
    after: tuple[float, float]


def update(
    bundle: Bundle,
    observations: Sequence[Observation],
    told: Callable[[str], None] = lambda _: None,
    *,
    anyway: bool = False,
    code: str = "",
) -> Updated:
    """Let a copy of `bundle` learn from newer `observations`, all held to be normal.

    `told` hears what learns, as of `Bundle.fit`. With `anyway` detectors are kept that lost more
    than `MOST_LOST`. `ModelError` where it remembers nothing, `DataError` where there are too few
    windows.
    """
    plan, memory = bundle.plan, memory_of(bundle)
    told("templates")
    templates, moved = _grown(bundle.templates, observations)
    now = copy(bundle)
    now.templates = templates
    new = plan.apart(now.windows(observations))
    if plan.rare is not None:
        few = rare((window.events for window in new), plan.rare)
        templates.forget(each for each in few if each > len(bundle.templates))
        new = plan.apart(now.windows(observations))
    run = _run(memory, new, plan)
    texts, apart, parts = templates.texts(), dict(memory.apart()), dict(bundle.parts)
    features, scales = None, [each.known(texts) for each in memory.scales]
    rows = None
    if bundle.features is not None:
        features = bundle.features.known(texts)
        rows = featured.usual(features, run.normal)
    elif plan.vectors:
        rows = usual([each.events for each in run.normal], len(texts))
    olds = bundle.templates.texts()
    before_it = [seen_by(window, len(olds)) for window in run.all]
    was: dict[str, Floats] = {}
    raw: dict[str, Floats] = {}
    changes = []
    for name, part in bundle.parts.items():
        learner = Learner(
            partial(plan.make, name), texts, run, partial(told, name), features, scales
        )
        others, whole = learner.learned(apart[name], part.detector)
        known = texts[: part.asked.events] if isinstance(part.asked, Counted | Featured) else texts
        was[name] = scores(apart[name], olds[: len(known)], before_it, run.folds, scales)
        raw[name] = scores(others, texts, run.all, run.folds, scales)
        before, after = run.apart(was[name]), run.apart(raw[name])
        change = Change(name, how(part.detector), before, after, anyway or _may(before, after))
        changes.append(change)
        if change.kept:
            apart[name] = others
            asked = windowed(whole, texts, rows, features)
            made = Part(whole, asked, part.calibrator, _record(whole, asked, change, run, code))
        else:
            raw[name] = scores(apart[name], known, run.all, run.folds, scales)
            made = Part.known(part.detector, known, part.calibrator, rows, features, part.training)
        calibrator = Calibrator().fit(raw[name][: len(run.normal)])
        parts[name] = replace(made, calibrator=calibrator)
    joined, normals = _joined(plan, parts, raw, run), len(run.normal)
    old = bundle.fusion.statistic(_middle(plan, bundle.parts, was))
    later = joined.fusion.statistic(_middle(plan, parts, raw))
    before, after = run.apart(old), run.apart(later)
    shares = [
        (float(np.mean(p[: len(run.old)] <= COMMON)), float(np.mean(p[len(run.old) :] <= COMMON)))
        for p in (
            np.exp(bundle.fusion.calibrator.log_p(old[:normals])),
            np.exp(joined.fusion.calibrator.log_p(later[:normals])),
        )
    ]
    more = replace(memory, scales=scales).more(
        run.new, run.folds[len(run.old) : normals], apart, plan.seed + memory.seen
    )
    reference = drawn(sorted(more.windows, key=lambda window: window.start))
    made_of = Bundle(
        plan, templates, parts, joined.fusion, joined.normal, bundle.learned + len(run.new), rows,
        np.array([event for each in reference for event in each.events], dtype=np.int64),
        joined.validator, joined.weekly, features, more,
    )  # fmt: skip
    return Updated(
        made_of, changes,
        Change("all together", "", before, after, anyway or _may(before, after)),
        len(run.old), len(run.new), _known(templates) - _known(bundle.templates), moved, *shares,
    )  # fmt: skip


def memory_of(bundle: Bundle) -> Memory:
    """What `bundle` learns on by; `ModelError` where it remembers nothing."""
    if bundle.memory is None:
        raise ModelError("remembers nothing of what it learned: an earlier version fitted it")
    return bundle.memory


def _grown(
    known: EventTemplates, observations: Sequence[Observation]
) -> tuple[EventTemplates, int]:
    """The templates with those of events that fitted none, and how many others changed number."""
    before = known.match_all(each.fields for each in observations)
    made = EventTemplates.restore(known.state())
    pairs = zip(observations, before, strict=True)
    made.learn_all(each.fields for each, number in pairs if number == UNKNOWN)
    after = made.match_all(each.fields for each in observations)
    return made, sum(was not in (UNKNOWN, now) for was, now in zip(before, after, strict=True))


def _known(templates: EventTemplates) -> int:
    return len(templates) - len(templates.forgotten)


def _run(memory: Memory, new: Sequence[Window], plan: Plan) -> Run:
    blocks, folds = [plan.block(window.start) for window in new], plan.folds
    if (spans := len({*blocks})) < folds:
        raise DataError(
            f"the events lie in {spans} spans of time, and {folds} are needed: each is left out in "
            "turn to calibrate by"
        )
    strange = made_up(memory.windows)
    places = [at for at, _ in strange]
    return Run(
        memory.windows, new, [window for _, window in strange],
        np.concatenate([memory.folds, folds_of(blocks, folds), memory.folds[places]]),
        plan.rare is not None,
    )  # fmt: skip


def _may(before: float, after: float) -> bool:
    return before - after <= MOST_LOST


def _record(
    detector: Detector[Any], asked: Windowed, change: Change, run: Run, code: str
) -> Mapping[str, Json]:
    """What it learned in this update; the record of the update before is in the bundle's."""
    first = len(run.old) if change.how == ON else 0
    seen = take(run.normal, run.learned & (np.arange(len(run.normal)) >= first))
    data = data_of(detector, asked, seen)
    metrics = {MEASURE: change.after, f"{MEASURE}_before": change.before}
    return record(detector, data, code, metrics, hash_of(asked, data))


def _middle(plan: Plan, parts: Mapping[str, Part], raw: Mapping[str, Floats]) -> Floats:
    return np.stack([parts[n].calibrator.log_p(raw[n], middle=True) for n in plan.first], axis=1)


def _joined(plan: Plan, parts: Mapping[str, Part], raw: Mapping[str, Floats], run: Run) -> Joined:
    count = len(run.normal)
    again = raw[plan.validator] if plan.validator else np.zeros(count)
    log_p = _middle(plan, parts, raw)[:count]
    return Joined.fit(plan, log_p, again[:count], [window.start for window in run.normal])
