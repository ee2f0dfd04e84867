"""What all kinds of columns share.

Columns of several units are brought to one scale by `features.py`; those of counts and n-grams have
one already. What a window does not say is not a number here, and becomes what is usual.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from models.base import Floats, State
from models.feature.windows import Window


class Columns(ABC):
    """Some columns of a window's row."""

    scaled: ClassVar[bool] = True
    """Whether they are to be brought to mean 0 and spread 1."""

    def fit(self, windows: Sequence[Window]) -> None:  # noqa: B027 # most have nothing to learn
        """Learn what `rows` needs."""

    @abstractmethod
    def rows(self, windows: Sequence[Window]) -> Floats:
        """The columns of each window; not a number where it says nothing of them."""

    @abstractmethod
    def groups(self) -> list[int]:
        """Of each column the number of those that are told together, from 0 on."""

    @abstractmethod
    def named(self, column: int) -> str:
        """What a column is called."""

    def topic(self, group: int) -> str:
        """What columns that are told together are called."""
        return self.named(self.groups().index(group))

    @abstractmethod
    def said(self, group: int, here: Floats, usually: Floats) -> str:
        """The columns of a group in words, by what they are here and what they usually are."""

    def lacking(self, windows: Sequence[Window]) -> str | None:  # noqa: ARG002 # others ask
        """Why they say nothing of any of these; None where they do."""
        return None

    def state(self) -> State:
        """What was learned."""
        return State({})

    def restored(self, state: State) -> None:  # noqa: B027 # as for `fit`
        """Take up what was learned."""


def signal(window: Window, at: int) -> list[float]:
    """One signal of all events of a window."""
    return [each[at] for each in window.signals]
