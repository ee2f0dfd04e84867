"""Levels of log lines, and their shares in a window, smoothed.

The share of errors in a window of three lines is 0, 1/3 ... or 1 and says little. Shares here are
the means of a Dirichlet posterior whose prior are the shares over all: few lines hardly move them,
and a window in which no line has a level has those of the prior.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.errors import DataError

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "other")
STRENGTH = 10.0
"""How many lines the shares over all count for."""

NAMES = {
    **dict.fromkeys(("trace", "debug", "verbose", "fine", "finer", "finest", "d", "v"), "debug"),
    **dict.fromkeys(("info", "information", "informational", "i", "log", "success"), "info"),
    **dict.fromkeys(("notice", "note"), "notice"),
    **dict.fromkeys(("warning", "warn", "w"), "warning"),
    **dict.fromkeys(("error", "err", "e", "severe", "failure"), "error"),
    **dict.fromkeys(
        ("critical", "crit", "fatal", "f", "alert", "emerg", "emergency", "panic", "c"), "critical"
    ),
}
"""The level that each name means, in lower case."""
_SYSLOG = ("critical", "critical", "critical", "error", "warning", "notice", "info", "debug")
_WINDOWS = ("info", "critical", "error", "warning", "info", "debug")
_TENS = ("other", "debug", "debug", "info", "warning", "error", "critical")
"""What bunyan and pino write: 10 is trace, 60 fatal."""


def level(value: object, *, windows: bool = False) -> str:
    """The one of `LEVELS` that `value` means: a name in any case, or a number.

    Numbers are syslog's severity, 0 to 7, or those of programs that count in tens, 10 to 60; with
    `windows` those of its event log, 0 to 5. Text that is a number is one.
    """
    if isinstance(value, str):
        value = value[:32].strip().lower()
        if value.isascii() and value.isdigit():
            value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        known = _WINDOWS if windows else _SYSLOG
        if 0 <= value < len(known):
            return known[value]
        return _TENS[value // 10] if value in range(10, 61, 10) and not windows else "other"
    return NAMES.get(value, "other") if isinstance(value, str) else "other"


def prior(counts: Floats) -> Floats:
    """The shares over all windows, shape (7,), of counts of `LEVELS` in each, (n, 7).

    A level that never occurred has a share of 0, so that its column is the same wherever it does
    not occur: whoever brings columns to one scale would make much of what is no difference.
    """
    if not counts.any():
        return np.full(len(LEVELS), 1 / len(LEVELS))
    shares: Floats = counts.sum(axis=0) / counts.sum()
    return shares


def shares(counts: Floats, over_all: Floats, strength: float = STRENGTH) -> Floats:
    """The smoothed shares of `LEVELS` in each window, an array (n, 7) whose rows add up to 1."""
    if not strength > 0:
        raise DataError(f"strength must be more than 0, not {strength}")
    sizes = counts.sum(axis=1, keepdims=True)
    smoothed: Floats = (counts + strength * over_all) / (sizes + strength)
    return smoothed


def counted(places: Sequence[Sequence[float]]) -> Floats:
    """How often each of `LEVELS` is in each window, (n, 7), by their places; others are none."""
    rows = np.zeros((len(places), len(LEVELS)))
    for row, window in zip(rows, places, strict=True):
        for place in window:
            if 0 <= place < len(LEVELS):
                row[int(place)] += 1
    return rows
