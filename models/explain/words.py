"""Long texts made short for a person.

They hold what events hold: whoever shows them makes them safe for the place where they are shown.
"""

from __future__ import annotations

LONGEST = 160
"""Characters that a phrase may have."""


def short(text: str, longest: int = LONGEST) -> str:
    """`text` on one line, cut in its middle when it is longer than `longest`.

    What is special about a long value stands at its end as often as at its start.
    """
    line = " ".join(_ends(text, longest) if len(text) > 4 * longest else text.split())
    if len(line) <= longest:
        return line
    head = (longest - 1) // 2
    return f"{line[:head]}…{line[len(line) - (longest - 1 - head) :]}"


def _ends(text: str, longest: int) -> list[str]:
    """The words of both ends of a text too long to be looked at whole."""
    return [*text[: 2 * longest].split(), *text[-2 * longest :].split()]
