"""A model that scores: a fitted bundle, its name, and what stands for it in alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.bundle.bundle import DAY, Bundle
from models.prepare.privacy import Privacy


@dataclass(frozen=True, slots=True)
class Model:
    """`sha256` is the bundle's fingerprint, `training` what was written down when it was fitted,
    `privacy` hides what the bundle was not to know.
    """

    name: str
    sha256: str
    bundle: Bundle
    training: Mapping[str, Any] = field(default_factory=dict)
    privacy: Privacy | None = None

    @property
    def version(self) -> str:
        """What tells one fit from the next: the start of the fingerprint."""
        return self.sha256[:12]

    @property
    def identity(self) -> str:
        """What alerts have in the place of a rule's id."""
        return f"{self.name}@{self.version}"

    def windows_a_day(self) -> float:
        """How many windows a day had in training; where that is not known, those of one entity.

        Of a model that learned a sample, it is those that the sample was drawn of; where windows
        overlap, those too that lie in two spans and were not learned.
        """
        try:
            spans = spans_of(self.training)
            days = max(sum((end - start).total_seconds() for start, end in spans) / DAY, 1.0)
            learned = self.bundle.learned / self.bundle.plan.share
            windows = float(self.training.get("sampled", {}).get("of", learned))
        except (KeyError, TypeError, ValueError, AttributeError):
            return float(DAY / self.bundle.plan.width)
        return max(windows / days, 1.0)


def spans_of(training: Mapping[str, Any]) -> list[list[datetime]]:
    """When a model learned from begins and ends, by what was written down of its training.

    One that learned on may have several, with others between them. `KeyError`, `TypeError` or
    `ValueError` where that is not written down.
    """
    whole = [[training["from"], training["to"]]]
    return [[*map(datetime.fromisoformat, span)] for span in training.get("spans", whole)]
