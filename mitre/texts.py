"""The texts of a mapper's views, and how like they are to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mitre.bag import Bag
from mitre.dense import Dense
from mitre.example import Example
from mitre.features import LONGEST, letters, words
from mitre.ridge import Floats
from mitre.view import Part

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Unit vectors (n, width) of n texts."""

ViewName = Literal["prose", "values", "event"]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

WORDS, LETTERS, SIGNS, MEANING = "words", "letters", "signs", "meaning"
SHARES = {WORDS: 0.5, LETTERS: 0.5, SIGNS: 0.3, MEANING: 0.25}
"""How much each counts; that of meanings was chosen by cross-validation on rules with known tags.
Cosines that are cut off at 0 make no kernel, and with a share of 1 the regression breaks down.
"""

FEWEST = 8
"""Texts that a view needs to learn from."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a view: `rows` (n,) say of which example each is, those of its kind first."""

    rows: NDArray[np.int64]
    texts: Sequence[str]
    own: int

    @classmethod
    def of(cls, examples: Sequence[Example], view: ViewName) -> Texts:
        """Prose alone, values and then prose, or for events values alone."""
        prose = [(at, each.prose) for at, each in enumerate(examples) if each.prose]
        values = [(at, each.values) for at, each in enumerate(examples) if each.values]
        own = prose if view == "prose" else values
        told = [*values, *prose] if view == "values" else own
        return cls(np.array([at for at, _ in told], dtype=np.int64), [t for _, t in told], len(own))

    def asked(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """The rows of examples with values, which are rules; all rows where these are few."""
        found = np.flatnonzero([bool(examples[row].values) for row in self.rows])
        return found if len(found) >= FEWEST else np.arange(self.own)


class Encoded:
    """Encodes each text once, for a text may be in several views."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._known: dict[str, Floats] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """The vectors of the texts, (n, width)."""
        texts = [text[:LONGEST] for text in texts]
        unknown = list(dict.fromkeys(text for text in texts if text not in self._known))
        if unknown:
            self._known.update(zip(unknown, self._encode(unknown), strict=True))
        return np.stack([self._known[text] for text in texts])


def compared_by(texts: Texts, encode: Encoded | None) -> dict[str, Part]:
    """What the texts of a view are compared by, but for signs."""
    parts = {
        WORDS: Part(Bag.of(words(text) for text in texts.texts), SHARES[WORDS]),
        LETTERS: Part(Bag.of(letters(text) for text in texts.texts), SHARES[LETTERS]),
    }
    if encode is not None:
        parts[MEANING] = Part(Dense.of(encode(texts.texts)), SHARES[MEANING])
    return parts


def signs_of(examples: Sequence[Example], texts: Texts) -> Part:
    """The log source and the fields of the texts."""
    return Part(Bag.of(examples[row].signs for row in texts.rows), SHARES[SIGNS])


def kernel_of(parts: Mapping[str, Part], size: int) -> Floats:
    """How like each text is to each, (size, size)."""
    kernel = np.zeros((size, size), dtype=np.float32)
    for part in parts.values():
        like = part.by.gram()
        like *= np.float32(part.share)
        kernel += like
        del like  # as large as the kernel itself
    return kernel
