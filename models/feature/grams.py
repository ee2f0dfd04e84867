"""Word and character n-grams of a text, as scikit-learn's `word` and `char_wb` analyzers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.errors import ModelError

LONGEST = 16_384
"""Characters of a text that are looked at."""

_WORD = re.compile(r"<\*>|\w+")


def words(text: str) -> list[str]:
    """The words of `text` in lower case; `<*>`, which stands for a value, is one."""
    return _WORD.findall(text[:LONGEST].lower())


def word_grams(text: str, low: int = 1, high: int = 2) -> Iterator[str]:
    """Each run of `low` to `high` words, joined by a space."""
    _check(low, high)
    found = words(text)
    for size in range(low, high + 1):
        for at in range(len(found) - size + 1):
            yield " ".join(found[at : at + size])


def character_grams(text: str, low: int = 3, high: int = 5) -> Iterator[str]:
    """Each run of `low` to `high` characters within a word, with a space before and after it.

    A word that is shorter with its spaces is one gram. Words here are what stands between white
    space, in lower case.
    """
    _check(low, high)
    for word in text[:LONGEST].lower().split():
        padded = f" {word} "
        for size in range(low, high + 1):
            if len(padded) <= size:
                yield padded
                break
            for at in range(len(padded) - size + 1):
                yield padded[at : at + size]


def _check(low: int, high: int) -> None:
    if not 1 <= low <= high:
        raise ModelError(f"n-grams need 1 ≤ low ≤ high, not {low} and {high}")
