"""Messages or names to numbers: those that training has, from 1 on; all others are 0."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from models.base import UNKNOWN, Session
from vedette.evaluate.part import Part, Trial

Words = Sequence[tuple[str, ...]]


class Vocabulary:
    """The numbers of words, as they occur in training."""

    def __init__(self, training: Words) -> None:
        words = dict.fromkeys(word for words in training for word in words)
        self.numbers = {word: at for at, word in enumerate(words, UNKNOWN + 1)}

    def session(self, words: Sequence[str]) -> Session:
        """The numbers of the words."""
        return tuple(self.numbers.get(word, UNKNOWN) for word in words)


def numbered(
    name: str,
    train: Words,
    test: Words,
    families: Sequence[str],
    train_blocks: Sequence[Hashable] | None = None,
    test_blocks: Sequence[Hashable] | None = None,
) -> Trial:
    """A trial of sessions of words, with the words as texts."""
    vocabulary = Vocabulary(train)
    return Trial(
        name,
        Part.of([vocabulary.session(each) for each in train], train_blocks, None, train),
        Part.of([vocabulary.session(each) for each in test], test_blocks, families, test),
    )
