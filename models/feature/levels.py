"""Levels of log lines, and their shares in a session, smoothed.

The share of errors in a session of three lines is 0, 1/3 ... or 1 and says little. Shares here are
the means of a Dirichlet posterior whose prior are the shares over all: few lines hardly move them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.base import Floats
from models.errors import DataError

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "other")

_NAMES = {
    **dict.fromkeys(("trace", "debug", "verbose", "fine", "finer", "finest", "d", "v"), "debug"),
    **dict.fromkeys(("info", "information", "informational", "i", "log", "success"), "info"),
    **dict.fromkeys(("notice", "note"), "notice"),
    **dict.fromkeys(("warning", "warn", "w"), "warning"),
    **dict.fromkeys(("error", "err", "e", "severe", "failure"), "error"),
    **dict.fromkeys(
        ("critical", "crit", "fatal", "f", "alert", "emerg", "emergency", "panic", "c"), "critical"
    ),
}
_SYSLOG = ("critical", "critical", "critical", "error", "warning", "notice", "info", "debug")


def level(value: object) -> str:
    """The one of `LEVELS` that `value` means: a name in any case, or syslog's severity, 0 to 7."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _SYSLOG[value] if 0 <= value <= 7 else "other"
    return _NAMES.get(str(value)[:32].strip().lower(), "other")


def level_shares(sessions: Sequence[Sequence[object]], strength: float = 10.0) -> Floats:
    """The smoothed shares of `LEVELS` in each session, an array (n, 7) whose rows add up to 1.

    `strength` is how many lines the shares over all sessions count for.
    """
    if not strength > 0:
        raise DataError(f"strength must be more than 0, not {strength}")
    found = np.array([_counts(session) for session in sessions], dtype=np.float64)
    found = found.reshape(len(sessions), len(LEVELS))
    # One of each level is added, or a level that never occurred would have a prior of 0.
    prior = (found.sum(axis=0) + 1) / (found.sum() + len(LEVELS))
    sizes = found.sum(axis=1, keepdims=True)
    shares: Floats = (found + strength * prior) / (sizes + strength)
    return shares


def _counts(session: Sequence[object]) -> list[int]:
    counted = Counter(map(level, session))
    return [counted[name] for name in LEVELS]
