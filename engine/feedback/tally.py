"""How often alerts of a rule or model were right, with a guess where there is little to go by.

A beta-binomial: the guess counts as `STRENGTH` verdicts, and verdicts are added to it. What is said
of a rule on one entity begins with what is said of the rule elsewhere, where every other entity
counts for `STRENGTH` verdicts at most: one noisy host does not speak for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from engine.feedback.verdict import Verdict

STRENGTH = 4.0
"""Verdicts that the guess counts for."""


@dataclass(slots=True)
class Count:
    """Verdicts that count; `benign` are among those that are not true."""

    true: int = 0
    false: int = 0
    benign: int = 0

    @property
    def all(self) -> int:
        """How many there are."""
        return self.true + self.false + self.benign

    def add(self, verdict: Verdict) -> None:
        """Count one more."""
        name = verdict.verdict
        setattr(self, name, getattr(self, name) + 1)

    def share(self, guess: float) -> float:
        """The share that is true, where `guess` would be said without any verdict."""
        return (STRENGTH * guess + self.true) / (STRENGTH + self.all)


@dataclass(slots=True)
class Tally:
    """The verdicts on each rule and model, in all and by entity."""

    by: dict[str, Count] = field(default_factory=dict)
    at: dict[tuple[str, str], Count] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    priors: dict[str, float] = field(default_factory=dict)
    """The confidence before verdicts that the last alert judged had."""

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Self:
        """Count verdicts, of each alert one."""
        made = cls()
        for verdict in verdicts:
            if verdict.counts:
                made._add(verdict)
        return made

    def _add(self, verdict: Verdict) -> None:
        subject = verdict.subject
        self.by.setdefault(subject.source, Count()).add(verdict)
        self.at.setdefault((subject.source, subject.entity), Count()).add(verdict)
        self.names[subject.source] = subject.name
        self.kinds[subject.source] = subject.kind
        self.priors[subject.source] = subject.prior

    def precision(self, source: str, guess: float, entity: str | None = None) -> float:
        """The share of a rule's or model's alerts that is true, in all or on one entity."""
        if entity is None:
            return self.by.get(source, Count()).share(guess)
        return self.at.get((source, entity), Count()).share(self._elsewhere(source, guess, entity))

    def _elsewhere(self, source: str, guess: float, entity: str) -> float:
        """What others' alerts make of the guess; one entity speaks for others with few verdicts."""
        true = every = 0.0
        for (owner, other), count in self.at.items():
            if owner == source and other != entity and count.all:
                weight = min(1.0, STRENGTH / count.all)
                true += weight * count.true
                every += weight * count.all
        return (STRENGTH * guess + true) / (STRENGTH + every)
