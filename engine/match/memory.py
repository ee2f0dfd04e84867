"""Answers remembered by value, within one budget of memory for all of a detector's caches."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakSet

from engine.match.native import NATIVE

if TYPE_CHECKING:
    from engine.match.finder import Purse

V = TypeVar("V")

CHARACTERS_KEPT = 48_000_000
"""Characters of remembered values, and some for each entry, before everything is forgotten."""

ENTRY = 150
"""What an entry costs besides its text, in characters, roughly."""


class Plain:
    """Counts what is remembered: of so many `characters`, `spent` ones.

    `engine.match.finder.Purse` does the same in C, where values are remembered as well.
    """

    def __init__(self, characters: int, entry: int) -> None:
        self.characters, self.spent, self._entry = characters, 0, entry

    def spend(self, characters: int) -> bool:
        """Pay for an entry; whether that is more than there is."""
        self.spent += characters + self._entry
        return self.spent > self.characters


class Budget:
    """What all memories together may hold; when it is spent, all of them start anew.

    `purse` counts it; who pays from it must call `forget` when it is empty.
    """

    def __init__(self, characters: int = CHARACTERS_KEPT) -> None:
        self.purse: Purse | Plain = _purse(characters)
        self.resets = 0
        # weak: the memory of a plan that was given up goes with it
        self._memories: WeakSet[Memory[object]] = WeakSet()

    def join(self, memory: Memory[object]) -> None:
        """Count a memory's entries from now on."""
        self._memories.add(memory)

    def spend(self, characters: int) -> None:
        """Pay for an entry."""
        if self.purse.spend(characters):
            self.forget()

    def forget(self) -> None:
        """Start anew."""
        for memory in self._memories:
            memory.answers.clear()
        self.purse.spent = 0
        self.resets += 1

    @property
    def entries(self) -> int:
        """Answers remembered now."""
        return sum(len(memory.answers) for memory in self._memories)


class Memory(Generic[V]):
    """Answers by value. `answers` may be read directly; write through `keep`."""

    __slots__ = ("__weakref__", "_budget", "answers")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.answers: dict[Hashable, V] = {}
        budget.join(self)  # type: ignore[arg-type] # the budget only counts and clears

    def keep(self, key: Hashable, answer: V, characters: int) -> V:
        """Remember an answer whose key is so many characters long."""
        self._budget.spend(characters)
        self.answers[key] = answer
        return answer


def _purse(characters: int) -> Purse | Plain:
    if not NATIVE:
        return Plain(characters, ENTRY)
    from engine.match.finder import Purse

    return Purse(characters, ENTRY)
