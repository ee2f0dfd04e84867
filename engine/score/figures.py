"""What a model has done so far, for summaries, logs and metrics: plain figures, no arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.score.track import Track


@dataclass(frozen=True, slots=True)
class Figures:
    """`windows` were scored; `strange` of them are at or below the threshold `p` and no rule
    supports them: these are what the budget is about. `held` of these made no alert, as a day
    allows `most`. `corroborated` are alerts that rules support.

    `asked` and `high` are alerts a day: the budget, and the upper end of its error bar; `counted`
    is false where the budget is below what training can show. `days` of event time had windows.
    """

    name: str
    version: str
    windows: int
    strange: int
    held: int
    corroborated: int
    late: int
    days: int
    p: float
    asked: float
    high: float
    most: int
    counted: bool
    failed: str | None = None

    @classmethod
    def of(cls, track: Track, failed: str | None) -> Figures:
        """The figures of a track."""
        counts, threshold = track.counts, track.threshold
        budget = threshold.budget
        return cls(
            track.model.name, track.model.version,
            counts.windows, counts.strange, counts.held, counts.corroborated, counts.late,
            counts.days, budget.p, budget.asked, budget.high, threshold.most, budget.counted,
            failed,
        )  # fmt: skip

    def __str__(self) -> str:
        if self.failed:
            return self.failed
        return (
            f"model {self.name}: {self.windows:,} windows scored, {self.strange:,} strange without "
            f"rules ({self.a_day:.3g} a day, budget {self.asked:g}), {self.held:,} of these held "
            f"back, {self.corroborated:,} unusual with rules, {self.late:,} events late"
        )

    @property
    def a_day(self) -> float:
        """Anomalies a day without a rule that supports them: what the budget was to be."""
        return self.strange / max(self.days, 1)
