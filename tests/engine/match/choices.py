"""Choices made from bytes: one draw of Hypothesis makes a scenario; it shrinks to zeros."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Reads bytes from the front; where they end, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def below(self, count: int) -> int:
        assert 0 < count <= 256
        return next(self._data, 0) % count

    def of(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def seldom(self, one_in: int = 4) -> bool:
        return self.below(one_in) == one_in - 1

    def several(self, least: int, most: int, make: Callable[[], T]) -> list[T]:
        return [make() for _ in range(least + self.below(most - least + 1))]
