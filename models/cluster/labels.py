"""A readable label for a cluster of templates: the words that most of its members share."""

from __future__ import annotations

import re
from collections import Counter

from models.base import Texts

WORDS = 6
LONGEST = 80
"""Words and characters that a label may have."""

_WORD = re.compile(r"[^\W\d_][\w.'-]*")


def label(texts: Texts) -> str:
    """What `texts`, the most typical first, have in common, in the order of the first of them.

    Words of a letter or more that at least half of the texts hold; where they share none, the
    first text, cut. Only what can be printed.
    """
    if not texts:
        return ""
    words = [_WORD.findall(_printable(text)) for text in texts]
    held = Counter(word.lower() for each in words for word in {*each})
    shared = [word for word in dict.fromkeys(words[0]) if 2 * held[word.lower()] >= len(texts)][
        :WORDS
    ]
    return _cut(" ".join(shared) or " ".join(_printable(texts[0]).split()))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:1000])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
