"""What a check found, and how grave it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from engine.errors import nearest_name


class Severity(IntEnum):
    """How grave a finding is, gravest last.

    An error means that the rule does not do what it says; a warning that it probably does not,
    or that its reader is left without help; info is style.
    """

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


LONGEST_NAME, LONGEST_ROW = 100, 500
"""Of names that a rule's author made up: comparing them takes the square of their lengths."""

SEVERITIES = tuple(str(severity) for severity in reversed(Severity))
"""Their names, gravest first."""


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name closest to a misspelt one; long names and rows are not compared whole."""
    short = [other for other in known[:LONGEST_ROW] if len(other) <= LONGEST_NAME]
    return nearest_name(name, short) if len(name) <= LONGEST_NAME else None


def quote(value: object, longest: int = 80) -> str:
    """A value in quotes as it is written, since every backslash counts; long ones are cut."""
    text = str(value)
    return f"'{text}'" if len(text) <= longest else f"'{text[: longest - 1]}…'"


@dataclass(frozen=True, slots=True)
class Found:
    """What a check says of one place: a sentence without a full stop, and a 1-based line."""

    message: str
    line: int
    nearest: str | None = None

    @property
    def text(self) -> str:
        """The sentence with the nearest known name."""
        return (
            f"{self.message}; did you mean {quote(self.nearest)}?" if self.nearest else self.message
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where and by which check. `rule` is the rule's title, when there is one."""

    check: str
    severity: Severity
    message: str
    file: str
    line: int
    rule: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message} [{self.check}]"
