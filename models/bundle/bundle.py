"""A bundle: detectors that learned together from one stream, and score its windows together.

    bundle = Bundle.fit(observations, Plan())
    for scored in bundle.score(others):
        scored.p, scored.by, bundle.explain(scored)

Every detector sees the same windows; its scores become p-values by what it said of normals that it
had not learned from, and these become one p by a rule calibrated on the same normals. A plan may
name one that is asked only about what the others flag, and decides among these. A beginning
that never comes again is learned, and left out of what calibrates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN, Floats, Reason, Takes
from models.bundle import featured
from models.bundle.counted import usual
from models.bundle.features import Features
from models.bundle.joined import Joined, parts_of_week
from models.bundle.memory import Memory
from models.bundle.observation import Observation
from models.bundle.part import Part
from models.bundle.plan import Plan
from models.bundle.records import recorded
from models.calibrate.budget import Budget, budget
from models.calibrate.cross import folds_of, take
from models.calibrate.groups import GroupedCalibrator
from models.combine.fusion import Fusion
from models.combine.validator import Validator
from models.errors import DataError, ModelError
from models.feature.past import Past
from models.feature.windows import Window
from models.graph.edge import Graph
from models.prepare.sample import rare
from models.template.event import EventTemplates

DAY = 86_400.0
NEW = "new since training"
RARE = "new since training, or rare in it"
LEAST = -1e6
"""A log p below all that fusion heeds: what a detector that was not asked could say at most."""
NAMED = 2
"""Kinds of new events that an explanation names."""
_EVENT = re.compile(r"\bevent (\d+)\b")

REFERENCE = 2_000
"""Events of training that are kept to tell drift by."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a bundle says of a window.

    `log_p` is the logarithm of the fused p, `by` that of each detector. `extrapolated`: stranger
    than every normal, so that p rests on a fitted tail. `first` is the log p before the validator
    looked at it again, None where it did not.
    """

    window: Window
    log_p: float
    by: Mapping[str, float]
    extrapolated: bool
    first: float | None = None

    @property
    def p(self) -> float:
        """The fused p in (0, 1]; small = strange."""
        return _p(self.log_p)

    @property
    def first_p(self) -> float | None:
        """The p before the validator looked at the window again; None where it did not."""
        return None if self.first is None else _p(self.first)

    @property
    def percentile(self) -> float:
        """What people are shown: the share of normal windows that are less strange, in %."""
        return 100.0 * (1.0 - self.p)


class Bundle:
    """A fitted bundle; `fit` and `keep.load` make one."""

    def __init__(
        self,
        plan: Plan,
        templates: EventTemplates,
        parts: Mapping[str, Part],
        fusion: Fusion,
        normal: Floats,
        learned: int,
        usual: Floats | None = None,
        reference: NDArray[np.int64] | None = None,
        validator: Validator | None = None,
        weekly: GroupedCalibrator | None = None,
        features: Features | None = None,
        memory: Memory | None = None,
    ) -> None:
        """`normal` has the log p of the normal windows that calibrate, each cross-fitted.

        `learned` is how many windows were learned, those of a restless beginning among them.
        `usual` are the rows of some of them (`counted.py`), where a detector takes such;
        `reference` are events of some of them, to tell drift by. `validator` calibrates the
        detector that looks again, where the plan names one, `weekly` what fusion gives in each part
        of the week, where the plan tells these apart. `features` are what detectors of vectors look
        at, where the plan chooses any. `memory` is what it learns on by.
        """
        if not 0 < len(normal) <= learned:
            raise ModelError(f"{len(normal)} of {learned} windows cannot calibrate")
        self.plan, self.templates, self.parts = plan, templates, parts
        self.fusion, self.normal, self.learned, self.usual = fusion, normal, learned, usual
        self.reference, self.validator, self.weekly = reference, validator, weekly
        self.features = features
        self.passed_over = 0
        """Windows of training with rare kinds, which detectors did not learn; known after `fit`."""
        self.memory = memory
        if (validator is None) != (not plan.validator):
            raise ModelError("its plan and its second stage do not go together")
        if (weekly is None) != (plan.week is None):
            raise ModelError("its plan and its parts of the week do not go together")
        if (features is None) != (not plan.features):
            raise ModelError("its plan and its features do not go together")

    @classmethod
    def fit(
        cls,
        observations: Sequence[Observation],
        plan: Plan,
        told: Callable[[str], None] = lambda _: None,
        code: str = "",
    ) -> Self:
        """Learn from `observations`, all held to be normal.

        `told` hears what learns: first "templates", then each detector's name, for every fold and
        once for all of them. `code` is the version that learns, for the record.
        Folds are spans of time. `DataError` where there are too few windows to calibrate by.
        """
        if not observations:
            raise DataError("there is nothing to learn from")
        told("templates")
        templates = EventTemplates()
        templates.learn_all(each.fields for each in observations)
        seen = plan.apart(_windows(observations, templates, plan))
        if plan.rare is not None:
            templates.forget(rare((window.events for window in seen), plan.rare) - {UNKNOWN})
            seen = plan.apart(_windows(observations, templates, plan))
        # With what is unknown in them, detectors would learn that this is usual.
        whole = np.array([plan.rare is None or UNKNOWN not in window.events for window in seen])
        if not seen:
            raise DataError(f"no window lies in one span of {plan.span:g} seconds")
        if not whole.any():
            raise DataError(f"every window has kinds of events that fewer than {plan.rare} have")
        starts = [window.start for window in seen]
        blocks = [plan.block(start) for start in starts]
        if (spans := len({*blocks})) < plan.folds:
            raise DataError(
                f"the events lie in {spans} spans of {plan.span:g} seconds, and {plan.folds} are "
                "needed: each is left out in turn to calibrate by"
            )
        if plan.validator:
            Validator().require(len(seen))
        folds, texts = folds_of(blocks, plan.folds), templates.texts()
        features, rows = None, None
        scales: list[Features] = []
        if plan.features:
            blank = Features(plan.features, texts, plan.offset)
            features = blank.fitted(take(seen, whole))
            features.require(seen)
            scales = [
                blank.fitted(take(seen, (folds != fold) & whole)) for fold in range(plan.folds)
            ]
            rows = featured.usual(features, seen)
        elif plan.vectors:
            rows = usual([each.events for each in seen], len(texts))
        parts: dict[str, Part] = {}
        columns, kept, again = [], np.ones(len(seen), dtype=np.bool_), np.zeros(len(seen))
        for name in plan.detectors:
            make = partial(plan.make, name)
            parts[name], scores, settled = Part.fit(
                make, texts, seen, folds, blocks, partial(told, name), rows, features, scales, whole
            )
            kept &= settled
            if name == plan.validator:
                again = scores
            else:
                columns.append(parts[name].calibrator.log_p(scores, middle=True))
        log_p, at = np.stack(columns, axis=1)[kept], np.flatnonzero(kept)
        joined = Joined.fit(plan, log_p, again[kept], [starts[each] for each in at])
        apart = {name: part.apart for name, part in parts.items()}
        memory = Memory.of([seen[each] for each in at], folds[kept], apart, plan.seed, scales)
        events = np.array([e for each in drawn(seen) for e in each.events], dtype=np.int64)
        learned = [window for window, yes in zip(seen, whole, strict=True) if yes]
        made = cls(
            plan, templates, recorded(parts, texts, memory, learned, code), joined.fusion,
            joined.normal, len(seen), rows, events, joined.validator, joined.weekly, features,
            memory,
        )  # fmt: skip
        made.passed_over = int((~whole).sum())
        return made

    def windows(self, observations: Sequence[Observation]) -> list[Window]:
        """The windows of `observations`, with numbers that this bundle knows."""
        return _windows(observations, self.templates, self.plan)

    def score(self, observations: Sequence[Observation]) -> list[Scored]:
        """What each window of `observations` scores, in the order of their starts."""
        return self.score_windows(self.windows(observations))

    def score_windows(
        self, seen: Sequence[Window], beyond: Sequence[float] | None = None
    ) -> list[Scored]:
        """What each window scores.

        With `beyond` (one p for each), a window matters only if its p is at most so much: one whose
        p is above it whatever the costly detectors say is not given to them, and its p is what they
        could make it at least, so that no answer changes sides. The validator is asked about what
        the others flag, with or without.
        """
        if not seen:
            return []
        first = self.plan.first
        costly = {name for name in first if self.parts[name].detector.costly}
        if beyond is None or not costly or len(costly) == len(first):
            return self._scored(seen, self._raw(seen, first))
        raw = self._raw(seen, [name for name in first if name not in costly])
        least, _ = self._fused(self.fusion.statistic(self._middle(raw, len(seen))), seen)
        asked = least <= np.log(np.asarray(beyond))
        if self.validator is not None:  # what could be flagged may be told whatever its first p
            asked |= self.validator.flagged(least)
        found: dict[int, Scored] = {}
        for which, more in ((asked, costly), (~asked, set[str]())):
            places = [int(at) for at in np.flatnonzero(which)]
            some = [seen[at] for at in places]
            told = {name: scores[places] for name, scores in raw.items()}
            told |= self._raw(some, [name for name in first if name in more])
            found.update(zip(places, self._scored(some, told), strict=True))
        return [found[at] for at in range(len(seen))]

    def _raw(self, seen: Sequence[Window], names: Iterable[str]) -> dict[str, Floats]:
        """The scores that detectors give."""
        if not seen:
            return {}
        parts = {name: self.parts[name] for name in names}
        return {name: part.asked.score(part.data(seen)) for name, part in parts.items()}

    def _middle(self, raw: Mapping[str, Floats], count: int) -> Floats:
        """The log p of detectors in the columns of fusion; `LEAST` of one that was not asked."""
        return np.stack(
            [
                self.parts[name].calibrator.log_p(raw[name], middle=True)
                if name in raw
                else np.full(count, LEAST)
                for name in self.plan.first
            ],
            axis=1,
        )

    def _scored(self, seen: Sequence[Window], raw: Mapping[str, Floats]) -> list[Scored]:
        if not seen:
            return []
        shown = {n: self.parts[n].calibrator.log_p(scores) for n, scores in raw.items()}
        statistic = self.fusion.statistic(self._middle(raw, len(seen)))
        fused, beyond = self._fused(statistic, seen)
        found = [
            Scored(
                window,
                float(fused[at]),
                {name: float(logs[at]) for name, logs in shown.items()},
                bool(beyond[at]),
            )
            for at, window in enumerate(seen)
        ]
        return found if self.validator is None else self._again(found, self.validator)

    def _fused(self, statistic: Floats, seen: Sequence[Window]) -> tuple[Floats, NDArray[np.bool_]]:
        """The log p of what fusion gives, and whether it is a guess by a tail."""
        if self.weekly is None or self.plan.week is None:
            pooled = self.fusion.calibrator
            return pooled.log_p(statistic), pooled.extrapolated(statistic)
        parts = parts_of_week([window.start for window in seen], self.plan.week)
        return self.weekly.log_p(statistic, parts), self.weekly.extrapolated(statistic, parts)

    def _again(self, found: list[Scored], validator: Validator) -> list[Scored]:
        """The same, but what is flagged with what the validator makes of it."""
        name = self.plan.validator
        first = np.array([each.log_p for each in found])
        places = np.flatnonzero(validator.flagged(first))
        if not len(places):
            return found
        raw = self._raw([found[at].window for at in places], [name])[name]
        logs = validator.log_p(first[places], raw.__getitem__)
        own = self.parts[name].calibrator.log_p(raw)
        beyond = validator.second.extrapolated(raw)
        for at, place in enumerate(places):
            each = found[place]
            found[place] = replace(
                each,
                log_p=float(logs[at]),
                by={**each.by, name: float(own[at])},
                extrapolated=bool(beyond[at]),
                first=each.log_p,
            )
        return found

    def explain(
        self, scored: Scored, observations: Sequence[Observation] = (), most: int = 3
    ) -> list[Reason]:
        """Up to `most` reasons: the best of each of the detectors that find it strangest.

        With the `observations` that were scored, what is new is named.
        """
        new = self._new(scored.window, observations)
        found: dict[str, Reason] = {}
        for name in sorted(scored.by, key=lambda name: scored.by[name]):
            events = self.parts[name].detector.takes not in (Takes.EDGES, Takes.VOLUMES)
            for reason in self._reasons(name, scored.window, most):
                text = self._named(reason.text, new) if events else reason.text
                if text not in found:
                    found[text] = replace(reason, text=text)
                    break  # the best that was not said yet, then the next detector's
            if len(found) == most:
                break
        return list(found.values())

    def _reasons(self, name: str, window: Window, most: int) -> Iterator[Reason]:
        """A detector's reasons; more than the best, which take long, if that is not enough."""
        part = self.parts[name]
        data = part.data([window])
        best = part.asked.explain(data, 0, 1)
        yield from best
        if best and most > 1:
            yield from part.asked.explain(data, 0, most)[1:]

    def budget(
        self, alerts_a_day: float, entities: int | None = None, windows: float | None = None
    ) -> Budget:
        """The p that makes so many false alarms a day, by the windows that were learned.

        `windows` a day: by default one for each of `entities` and width of time, or as many as one
        entity has.
        """
        a_day = windows or (entities or 1) * DAY / self.plan.width
        return budget(self.normal, a_day, alerts_a_day)

    def _new(self, window: Window, observations: Sequence[Observation]) -> str:
        """What stands for the events of a window that training never saw."""
        known = RARE if self.templates.forgotten else NEW
        if not observations:
            return known
        pairs = zip(window.events, window.positions, strict=True)
        unknown = [observations[at].fields for event, at in pairs if event == UNKNOWN]
        texts = list(dict.fromkeys(self.templates.describe(fields) for fields in unknown))
        more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
        return f"{known}: {', '.join(texts[:NAMED])}{more}" if texts else known

    def _named(self, text: str, new: str) -> str:
        """The text with what each event number stands for, at its first mention."""
        named: set[int] = set()

        def name(found: re.Match[str]) -> str:
            number = int(found[1])
            if number in named:
                return found[0]
            named.add(number)
            return f"{found[0]} ({self._text(number) or new})"

        return _EVENT.sub(name, text)

    def _text(self, number: int) -> str:
        return self.templates.text(number) if 0 < number <= len(self.templates) else ""


def _p(log_p: float) -> float:
    return max(float(np.exp(log_p)), float(np.finfo(np.float64).tiny))


def drawn(seen: Sequence[Window], most: int = REFERENCE) -> list[Window]:
    """Windows evenly drawn in their order, about as many as have `most` events together."""
    step = max(-(-sum(map(len, seen)) // most), 1)
    return list(seen[::step])


def _windows(
    observations: Sequence[Observation], templates: EventTemplates, plan: Plan
) -> list[Window]:
    # Numbers as they are matched, not as they were learned: these are what scoring will see.
    numbers = templates.match_all(each.fields for each in observations)
    entities = [each.entity for each in observations]
    found = plan.cut(entities, [each.time for each in observations], numbers)
    if plan.volumes:
        found = Past().added(found)
    if plan.features:
        if any(len(each.signals) != len(plan.signals) for each in observations):
            raise DataError(f"nobody asked all events for {', '.join(plan.signals)}")
        found = [_with_signals(window, observations) for window in found]
    if not any(each.edges for each in observations):
        return found
    return [replace(window, edges=_edges(window, observations)) for window in found]


def _with_signals(window: Window, observations: Sequence[Observation]) -> Window:
    """The window with the times of its events, and what these say of themselves."""
    events = [observations[at] for at in window.positions]
    signals = tuple(event.signals for event in events)
    return replace(window, times=tuple(event.time for event in events), signals=signals)


def _edges(window: Window, observations: Sequence[Observation]) -> Graph:
    return tuple(edge for at in window.positions for edge in observations[at].edges)
