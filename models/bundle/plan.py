"""What a bundle is made of: its detectors, its windows, and how their p-values are combined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.base import Detector, Json, Takes
from models.combine.rules import RULES
from models.errors import ModelError, StoreError
from models.registry import detector

DEFAULT: Mapping[str, Mapping[str, Json]] = {
    "new-value": {},
    "event-rarity": {},
    "count-tail": {},
    "count-vector": {},
    "markov": {},
    "gpt": {"budget": 400_000},
    "embedding-hdbscan": {},
}
"""The detectors of the default set, each with the arguments that differ from its own defaults.

The GPT sees fewer tokens than alone: it is fitted once for each fold, and again on all."""


NOT_YET: Mapping[Takes, str] = {Takes.SERIES: "series of counts", Takes.EDGES: "edges of graphs"}
"""What a bundle cannot make of events."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`width` is that of a window in seconds, `folds` how often training data are left out in turn.

    A bundle has one answer for each entity and window, so a wide window means few alerts and late
    ones. Ten minutes is what the design takes.
    """

    detectors: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: dict(DEFAULT))
    width: float = 600.0
    folds: int = 3
    rule: str = "fisher"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.detectors:
            raise ModelError("a bundle needs at least one detector")
        if self.width <= 0:
            raise ModelError(f"a window of {self.width} seconds holds nothing")
        if self.folds < 2:
            raise ModelError("calibration needs at least two folds")
        if self.rule not in RULES:
            raise ModelError(f"no rule is called {self.rule!r}; there are {', '.join(RULES)}")
        for name in self.detectors:
            if (takes := detector(name).takes) in NOT_YET:
                raise ModelError(
                    f"{name} takes {NOT_YET[takes]}, and a bundle has windows of events"
                )

    def make(self, name: str) -> Detector[Any]:
        """A new detector of that name, as the plan wants it."""
        kind = detector(name)
        arguments = dict(self.detectors[name])
        if kind.seeded:
            arguments.setdefault("seed", self.seed)
        try:
            return kind(**arguments)
        except TypeError as error:
            raise ModelError(f"{name}: {error}") from error

    def as_json(self) -> dict[str, Json]:
        """The plan as JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The plan that `as_json` gave; `StoreError` if it is none."""
        try:
            return cls(**told)
        except (TypeError, ModelError) as error:
            raise StoreError(f"is no plan of a bundle: {error}") from error
