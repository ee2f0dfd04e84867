"""The table of all checks, as Markdown that reads well on a terminal too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vedette.lint.registry import Check


def catalogue(checks: Sequence[Check]) -> Iterator[str]:
    """A table for each family, line by line."""
    family = None
    for check in checks:
        if check.family != family:
            family = check.family
            if check is not checks[0]:
                yield ""
            yield f"### {family[:1].upper()}{family[1:]}"
            yield ""
            yield "| check | severity | what it finds, and why that matters |"
            yield "|---|---|---|"
        text = f"{check.summary} {check.why}".replace("|", "\\|")
        yield f"| `{check.id}` | {check.severity} | {text} |"
