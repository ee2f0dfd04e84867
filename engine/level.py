"""Sigma's levels and statuses, apart from all that is slow to import."""

LEVELS = ("informational", "low", "medium", "high", "critical")
"""Sigma's levels, mildest first. A rule without a level counts as medium."""

STATUSES = ("unsupported", "deprecated", "experimental", "test", "stable")
"""Sigma's statuses, least trusted first."""


def level_rank(level: str) -> int:
    """A level's place among `LEVELS`; an unknown one counts as medium."""
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("medium")
