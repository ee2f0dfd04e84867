"""A sample of the windows of a stream, to learn from: what is left out is counted, never kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from models.base import Json
from models.prepare.sample import Key, Sample
from vedette.bundles import Gathered

if TYPE_CHECKING:
    from models.bundle.observation import Observation
    from models.bundle.plan import Plan


class Sampled(Gathered):
    """Observations of the windows of a sample; see `Gathered`.

    Sessions, and windows that overlap, are drawn by the spans of time that they lie in, so that all
    are whole.
    """

    def __init__(self, sample: Sample, plan: Plan, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.sample, self._plan, self._width = sample, plan, plan.span
        self._of: dict[Key, list[Observation]] = {}
        self.taken = 0
        """Events that were looked at, those of windows that are left out among them."""

    def _take(self, seen: Observation, told: Callable[[int], None]) -> None:
        number = int(seen.time // self._width)
        inside, gone = self.sample.offer(seen.entity, number)
        if gone is not None:
            del self._of[gone]
        if inside:
            self._of.setdefault((seen.entity, number), []).append(seen)
        self.taken += 1
        if self.taken % 1000 == 0:
            told(self.taken)

    def close(self) -> None:
        """All was taken in: what is in the sample becomes the observations, in the order of time.

        Events of one entity at one time keep their order.
        """
        found = [seen for window in self._of.values() for seen in window]
        self.observations = sorted(found, key=lambda seen: seen.time)
        self._of.clear()

    def facts(self) -> dict[str, Json]:
        """What is told of the sample: its windows, of how many, and how it was drawn."""
        sample = self.sample
        windows, of = sample.kept.total(), sample.seen.total()
        if (self._plan.gap or self._plan.step) is not None and self.observations:
            # Of spans that are left out nobody knows how many windows they have.
            entities, times = zip(*((s.entity, s.time) for s in self.observations), strict=True)
            found = self._plan.cut(entities, times, [0] * len(times))
            windows = len(found)
            of = round(math.fsum(self.weight(str(each.entity)) for each in found))
        return {
            "windows": windows,
            "of": of,
            "entities": len(sample.seen),
            "at_most": sample.most,
            "each_entity": sample.each,
        }

    def weight(self, entity: str) -> float:
        """How many windows of the stream one of the sample stands for."""
        sample = self.sample
        if sample.each:
            return sample.seen[entity] / max(sample.kept[entity], 1)
        return sample.seen.total() / max(sample.kept.total(), 1)
