"""What one fault showed, as a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

HEADER = ("fault", "server", "dose", "events", "expected", "stored", "twice", "lost",
          "ledger", "result", "seconds")  # fmt: skip


@dataclass
class Row:
    """Counts of alerts: `expected` by a hunt over the same events, `stored` behind the alias.

    `lost` were expected and are not stored, `invented` the other way round, `twice` are copies of
    one alert. `notes` counts the ledger's records by kind, without changes of gaps.
    """

    fault: str
    server: str
    dose: str
    events: int
    expected: int
    stored: int
    twice: int
    lost: int
    invented: int
    notes: dict[str, int]
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """What does not hold, in words; nothing when all does."""
        counted = [f"{self.lost} lost"] if self.lost else []
        counted += [f"{self.invented} invented"] if self.invented else []
        counted += [f"{self.twice} twice"] if self.twice else []
        return counted + self.problems

    @property
    def ok(self) -> bool:
        """Whether all holds."""
        return not self.wrong

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of `HEADER`."""
        notes = ", ".join(f"{count} {kind}" for kind, count in sorted(self.notes.items()))
        return (
            self.fault, self.server, self.dose, f"{self.events:,}", f"{self.expected:,}",
            f"{self.stored:,}", f"{self.twice:,}", f"{self.lost:,}", notes or "-",
            "ok" if self.ok else "FAIL", f"{self.seconds:.1f}",
        )  # fmt: skip


def line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def heading() -> list[str]:
    """The first two lines of the table."""
    return [line(HEADER), line(["---"] * len(HEADER))]
