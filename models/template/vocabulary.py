"""Numbers for texts: 1, 2, 3 in the order of first sight, 0 for what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from models.base import UNKNOWN, State
from models.errors import ModelError, StoreError

LONGEST = 1_024
"""Characters of a text that are looked at."""


class Vocabulary:
    """Texts and their numbers, at most `most` of them: later ones are unknown."""

    def __init__(self, most: int = 50_000) -> None:
        if most < 1:
            raise ModelError("a vocabulary needs room for at least one text")
        self._most = most
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = [""]

    def __len__(self) -> int:
        return len(self._numbers)

    def learn(self, text: str) -> int:
        """The number of `text`, a new one if need be; 0 if there is room for no more."""
        text = text[:LONGEST]
        number = self._numbers.get(text)
        if number is None:
            if len(self._numbers) >= self._most:
                return UNKNOWN
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number

    def learn_all(self, texts: Iterable[str]) -> list[int]:
        """`learn` for each."""
        return [self.learn(text) for text in texts]

    def match(self, text: str) -> int:
        """The number of `text`; 0 if it was never learned."""
        return self._numbers.get(text[:LONGEST], UNKNOWN)

    def match_all(self, texts: Iterable[str]) -> list[int]:
        """`match` for each."""
        return [self.match(text) for text in texts]

    def text(self, number: int) -> str:
        """The text of that number; "" for 0."""
        if not 0 <= number < len(self._texts):
            raise ModelError(f"there are {len(self)} texts, and none has the number {number}")
        return self._texts[number]

    def texts(self) -> list[str]:
        """Every text, that of number 1 first."""
        return self._texts[1:]

    def state(self) -> State:
        """All that `restore` needs."""
        return State({"most": self._most}, {"texts": self.texts()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The vocabulary that `state` was taken of; `StoreError` if it does not hold together."""
        try:
            made = cls(**state.parameters)
            numbers = made.learn_all(state.facts["texts"])
        except (ModelError, KeyError, TypeError) as error:
            raise StoreError(f"the vocabulary does not hold together: {error!r}") from error
        if numbers != list(range(1, len(numbers) + 1)):
            raise StoreError("the vocabulary has a text twice, or more than it has room for")
        return made
