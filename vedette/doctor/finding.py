"""What a check says: one line, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "fail", "skipped"]

STATES: tuple[State, ...] = ("ok", "skipped", "warn", "fail")
"""From well to wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a check. `subject` is the source or index that it is about."""

    state: State
    message: str
    remedy: str = ""
    subject: str = ""
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value}


def ok(message: str, *, subject: str = "") -> Finding:
    """All is well."""
    return Finding("ok", message, subject=subject)


def warn(message: str, remedy: str, *, subject: str = "") -> Finding:
    """It works, and may not do what is expected."""
    return Finding("warn", message, remedy, subject)


def fail(message: str, remedy: str, *, subject: str = "") -> Finding:
    """Events or alerts are lost, or nothing works at all."""
    return Finding("fail", message, remedy, subject)


def skipped(message: str, *, subject: str = "") -> Finding:
    """It could not be looked at."""
    return Finding("skipped", message, subject=subject)
