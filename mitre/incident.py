"""Techniques in company: what the other findings of an incident say, and what a rule's tags say.

Tactics keep company: who dumps credentials moves on. How often texts have two tactics together is
counted over the known rules; a technique is raised where its tactic is met with a neighbour's more
often than by chance, lowered where less, within bounds, and raised where a neighbour shows the same
technique or one of its family.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from mitre.example import Example
from mitre.ranked import Ranked
from mitre.technique import Release, Technique

BOUND = 2.0
"""The odds of a technique change by this factor at most, for all neighbours together."""

SAME, FAMILY = 2.0, 1.5
"""Factors where a neighbour shows the technique itself, or its parent or another part of it."""

SMOOTH = 5.0
"""Texts that each pair of tactics is thought to have been met in by chance, besides the counted."""


class Company:
    """How often tactics are met together, as a ratio to chance: (tactics, tactics), 1 for none."""

    def __init__(self, examples: Iterable[Example], release: Release) -> None:
        self._release = release
        self._place = {tactic.shortname: at for at, tactic in enumerate(release.tactics)}
        rows = [self._row(each.techniques) for each in examples]
        there = np.array(rows).reshape(len(rows), len(self._place))
        together = there.T @ there
        alone = there.sum(axis=0)
        chance = np.outer(alone, alone) / max(1, len(rows))
        self.ratios = (together + SMOOTH) / (chance + SMOOTH)

    def rerank(self, ranked: Sequence[Ranked], neighbours: Iterable[str]) -> tuple[Ranked, ...]:
        """The same techniques, each as sure as the techniques of its neighbours make it.

        `neighbours` are the ids that other findings of the incident show; unknown ones count for
        nothing, and without any all stays as it was.
        """
        known = [id for id in dict.fromkeys(neighbours) if id in self._release.techniques]
        if not known:
            return tuple(ranked)
        raised = [self._raised(each, known) for each in ranked]
        return tuple(sorted(raised, key=lambda each: -each.confidence))

    def _raised(self, ranked: Ranked, neighbours: Sequence[str]) -> Ranked:
        factor = float(np.mean([self._ratio(ranked.technique, id) for id in neighbours]))
        own = ranked.technique
        if own in neighbours:
            factor *= SAME
        elif own.partition(".")[0] in {id.partition(".")[0] for id in neighbours}:
            factor *= FAMILY
        factor = min(BOUND, max(1 / BOUND, factor))
        odds = factor * ranked.confidence / max(1e-9, 1 - ranked.confidence)
        sure = round(odds / (1 + odds), 4)
        return replace(
            ranked, confidence=sure, source="mapper and incident", alone=ranked.confidence
        )

    def _ratio(self, own: str, other: str) -> float:
        """The best of the ratios of a tactic of the one with a tactic of the other."""
        here, there = (np.flatnonzero(self._row((id,))) for id in (own, other))
        if not len(here) or not len(there):
            return 1.0
        return float(self.ratios[np.ix_(here, there)].max())

    def _row(self, techniques: Iterable[str]) -> list[float]:
        known = [self._release.techniques.get(id) for id in techniques]
        held = {name for technique in known if technique for name in technique.tactics}
        return [float(name in held) for name in self._place]


def merged(tagged: Iterable[Technique], ranked: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """Rule tags win: what a rule says of itself is certain, and the mapper is asked only else."""
    told = tuple(Ranked(t.id, t.name, t.tactics, 1.0, source="tags") for t in tagged)
    return told or tuple(ranked)
