"""Message text as tokens: known words whole, others spelled, numbers alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from models.sequence.vocabulary import SPECIAL, UNKNOWN

LONGEST_TEXT = 8192
"""Characters of a text that are read."""
LONGEST_WORD = 40
"""Characters of a word that is spelled; a longer one is unknown as a whole."""
MOST_WORDS = 20_000
MOST_LETTERS = 2_000

_PIECE = re.compile(r"<\*>|\w+|[^\w\s]")
_DIGITS = re.compile(r"[0-9]+")


def pieces(text: str) -> list[str]:
    """Words, marks and the wildcards of templates; every number is `0`."""
    return _PIECE.findall(_DIGITS.sub("0", text[:LONGEST_TEXT].lower()))


class Words:
    """The words of training that came twice or more, and its letters.

    `names` holds words first as they are, then letters after a space.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._tokens = {name: SPECIAL + at for at, name in enumerate(self.names)}

    def __len__(self) -> int:
        return SPECIAL + len(self.names)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Words:
        """Those of `texts`."""
        words = Counter(word for text in texts for word in pieces(text))
        letters = Counter(letter for word in words for letter in word[:LONGEST_WORD])
        kept = [word for word, count in _most(words, MOST_WORDS) if count > 1]
        return cls([*kept, *(f" {letter}" for letter, _ in _most(letters, MOST_LETTERS))])

    def tokens(self, text: str) -> list[int]:
        """A token for each known word, one for each letter of another."""
        return [token for word in pieces(text) for token in self._of(word)]

    def spelled(self, token: int) -> list[int]:
        """The letters of the word that is the token; of anything else the token itself."""
        name = self.word(token)
        if token < SPECIAL or name.startswith(" "):
            return [token]
        return [self._tokens.get(f" {letter}", UNKNOWN) for letter in name[:LONGEST_WORD]]

    def word(self, token: int) -> str:
        """What the token stands for; letters begin with a space."""
        return self.names[token - SPECIAL] if token >= SPECIAL else "something unknown"

    def _of(self, word: str) -> list[int]:
        known = self._tokens.get(word)
        if known is not None:
            return [known]
        if len(word) > LONGEST_WORD:
            return [UNKNOWN]
        return [self._tokens.get(f" {letter}", UNKNOWN) for letter in word]


def _most(counts: Counter[str], most: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most]
