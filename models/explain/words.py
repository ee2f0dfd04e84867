"""Reasons as short phrases for a person.

They hold what events hold: whoever shows them makes them safe for the place where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.base import Reason

LONGEST = 160
"""Characters that a phrase may have."""


def phrases(reasons: Sequence[Reason], most: int = 3, longest: int = LONGEST) -> list[str]:
    """One phrase a reason, the weightiest first, each different, none longer than `longest`."""
    ranked = sorted(reasons, key=lambda reason: -reason.contribution)
    said = dict.fromkeys(short(reason.text, longest) for reason in ranked if reason.text.strip())
    return list(said)[:most]


def sentence(reasons: Sequence[Reason], most: int = 3, longest: int = LONGEST) -> str:
    """The phrases in one line, or that there is nothing to say."""
    return "; ".join(phrases(reasons, most, longest)) or "no single reason stands out"


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
