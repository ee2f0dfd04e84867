"""What a text has that tells of techniques: words, paths and their parts, switches, letters.

Detection values and events are not prose: `C:\\Windows\\Temp\\a.dll`, `-EncodedCommand`,
`HKLM\\...\\CurrentVersion\\Run` and `4625` have to match as a whole, by their last part, by their
extension, by the words inside a name (`EncodedCommand` is `encoded command`), and by runs of
letters, for attackers misspell on purpose.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 4_096
"""Characters of a text that are looked at."""

LONGEST_PART = 60
"""Characters of a word or a path's part that are kept."""

_CHUNK = re.compile(r"[^\s,;\"'|()\[\]{}=<>*]+")
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PARTS = re.compile(r"[\\/:]+")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})$")


def words(text: str) -> Iterator[str]:
    """Each word, pair of words, path, part of a path, extension and piece of a name.

    Kinds are told apart by the first character, so that `exe` the word is not `.exe` the ending.
    """
    text = text[:LONGEST]
    plain = _WORD.findall(text.lower())
    yield from (f"2{first} {second}" for first, second in itertools.pairwise(plain))
    for chunk in _CHUNK.findall(text):
        yield from _chunk(chunk)


def _chunk(chunk: str) -> Iterator[str]:
    whole = chunk.lower().strip("\\/.:")
    if whole:
        yield "w" + whole[:LONGEST_PART]
    parts = [part for part in _PARTS.split(chunk) if part]
    for part in parts:
        if part.lower() != whole:
            yield "p" + part.lower()[:LONGEST_PART]
    if parts and (ending := _EXTENSION.search(parts[-1])):
        yield "x" + ending[1].lower()
    for piece in _PIECE.findall(_HUMP.sub(" ", chunk)):
        yield "t" + piece.lower()[:LONGEST_PART]


def letters(text: str, low: int = 3, high: int = 5) -> Iterator[str]:
    """Each run of `low` to `high` characters within a word, with a space before and after it."""
    for word in text[:LONGEST].lower().split():
        if len(word) <= LONGEST_PART:
            yield from _known_runs(word, low, high)
        else:
            yield from _runs(word, low, high)


@lru_cache(maxsize=1 << 12)
def _known_runs(word: str, low: int, high: int) -> tuple[str, ...]:
    """Words come again and again."""
    return tuple(_runs(word, low, high))


def _runs(word: str, low: int, high: int) -> Iterator[str]:
    padded = f" {word} "
    for size in range(low, high + 1):
        if len(padded) <= size:
            yield padded
            break
        for at in range(len(padded) - size + 1):
            yield padded[at : at + size]
