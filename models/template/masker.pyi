"""The native mask of lines, where it was built."""

from collections.abc import Callable

VERSION: str
"""Of the mask that it follows: models.template.mask.VERSION."""

def form(line: str, /) -> str:
    """The masked words of a line with single spaces: " ".join(masked(line).split())."""

def answer(line: str, known: dict[str, int], ask: Callable[[str], int], /) -> int:
    """What is known of the line's form, or else what `ask` says of the form."""

def answers(lines: list[str], known: dict[str, int], ask: Callable[[str], int], /) -> list[int]:
    """The same of lines, one after the other: `ask` may change what is known."""
