"""What connectors use unless they are given something else."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.errors import Problem


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def unheard(problem: Problem) -> None:
    """Take a problem that nobody asked to hear of."""
