"""What an observer says of a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["ok", "note", "warn", "fail"]

STATES: tuple[State, ...] = ("ok", "note", "warn", "fail")
"""From fit to unfit."""

EXAMPLES = 3
LONGEST = 120
"""Examples that a finding has at most, and characters of each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer: what was seen, with numbers; what to do; a few examples from the events.

    Examples are text from events: they have to be made safe where they are shown.
    """

    state: State
    message: str
    advice: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value}


def graded(share: float, warn: float, fail: float) -> State:
    """A state by a share of events: `ok` where there are none, `note` below both bounds."""
    if share >= fail:
        return "fail"
    if share >= warn:
        return "warn"
    return "note" if share else "ok"


def percent(part: float, whole: float) -> str:
    """A share in words; what is not nothing never reads as 0 %, nor what is not all as 100 %."""
    if not whole or not part:
        return "0 %"
    share = 100 * part / whole
    if share < 0.1:
        return "under 0.1 %"
    return f"{min(share, 99.9):.1f} %" if part < whole else "100 %"


class Examples:
    """The first few of some texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, text: object) -> None:
        """Keep it, cut, unless there are enough."""
        if len(self.texts) < EXAMPLES:
            shown = str(text)
            shown = shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
            if shown not in self.texts:
                self.texts.append(shown)

    @property
    def all(self) -> tuple[str, ...]:
        """Those that were kept."""
        return tuple(self.texts)
