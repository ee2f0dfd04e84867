"""The five Sigma levels, worst first, and how each is named where space is short."""

from __future__ import annotations

LEVELS = ("critical", "high", "medium", "low", "informational")
SHORT = {"informational": "info"}
STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}
"""Styles in the sixteen colours that a terminal's own theme defines, so that any theme works."""

_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_BY_SEVERITY: dict[float, str] = {99: "critical", 73: "high", 47: "medium", 21: "low"}


def rank(level: str) -> int:
    """0 for critical to 4 for informational; an unknown level sorts last."""
    return _RANK.get(level, len(LEVELS))


def known(level: object, severity: object) -> str:
    """One of `LEVELS`: the alert's own level, else by `event.severity`, else informational."""
    if isinstance(level, str) and level in _RANK:
        return level
    if isinstance(severity, int | float):
        return _BY_SEVERITY.get(severity, LEVELS[-1])
    return LEVELS[-1]


def worse(one: str, other: str) -> str:
    """The worse of two levels."""
    return one if rank(one) <= rank(other) else other
