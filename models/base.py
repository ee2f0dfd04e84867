"""The contract of every detector: fit on what is normal, then say how strange something is.

    detector = Trigram(order=3).fit(sessions)
    scores = detector.score(others)      finite, one for each, higher = stranger, unbounded
    detector.explain(others, 7)          why the eighth scored as it did
    restored = Trigram.restore(detector.state())

A class takes one kind of data (`takes`):

    SESSIONS  Sessions: tuples of event numbers, one for each session or window of an entity.
              Numbers are those of a vocabulary; 0 stands for what training never saw.
    VECTORS   an array (n, d) of finite floats
    TEXTS     strings, mostly templates of messages
    EDGES     for each window the edges of its graph: tuples of kind, source and target
    VOLUMES   for each window how many events an entity had, and how many in the windows before
    SERIES    an array (n,) of counts, one for each window of equal length in the order of time;
              what is scored follows directly on what was fitted, or on what `update` was given

Scores say nothing across detectors: `models/calibrate/` makes p-values of them. Everything is
deterministic: the same data, parameters and seed give the same scores.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Json: TypeAlias = Any
"""What JSON can hold."""
Session: TypeAlias = tuple[int, ...]
Sessions: TypeAlias = Sequence[Session]
Texts: TypeAlias = Sequence[str]

Data = TypeVar("Data")
Key = TypeVar("Key", bound=Hashable)

UNKNOWN = 0
"""The number of an event that training never saw."""


class Takes(StrEnum):
    """The kind of data that a detector takes."""

    SESSIONS = "sessions"
    VECTORS = "vectors"
    TEXTS = "texts"
    SERIES = "series"
    EDGES = "edges"
    VOLUMES = "volumes"


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of why something scored as it did.

    `feature` names it, `contribution` is its share in the units of the score (or of the
    detector's own measure, where the score is no sum), `text` says it in words.
    """

    feature: str
    contribution: float
    text: str


@dataclass(frozen=True, slots=True)
class State:
    """All of a fitted detector: its constructor's arguments, what it learned as JSON and arrays."""

    parameters: Mapping[str, Json]
    facts: Mapping[str, Json] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


class Detector(ABC, Generic[Data]):
    """A method that learns what is normal and scores how strange other data are."""

    name: ClassVar[str]
    """Unique, lower case with hyphens: what configurations and tables call it."""
    takes: ClassVar[Takes]
    source: ClassVar[str]
    """Who described the method: a paper, a book or a library."""
    seeded: ClassVar[bool] = False
    """Whether its constructor takes `seed`."""
    budgeted: ClassVar[bool] = False
    """Whether its constructor takes `budget`, the tokens that training may see."""
    learns_with: ClassVar[tuple[str, ...]] = ()
    """The libraries of `vedette[ml]` that `fit` imports."""
    light: ClassVar[bool] = True
    """Whether it scores with NumPy alone. Whatever `hunt` can switch on does."""
    costly: ClassVar[bool] = False
    """Whether scoring takes so long that it is worth asking the others first."""
    daily: ClassVar[str | None] = None
    """The argument that says how many windows a day has, where the detector knows hours."""

    @abstractmethod
    def fit(self, data: Data) -> Self:
        """Learn from `data`, forget what was learned before; `DataError` if they cannot serve."""

    @abstractmethod
    def score(self, data: Data) -> Floats:
        """How strange each is, as finite floats of shape (n,); higher is stranger."""

    @abstractmethod
    def explain(self, data: Data, at: int, most: int = 3) -> list[Reason]:
        """Up to `most` reasons for the score of `data[at]`, the weightiest first.

        Asked for more, it begins with the same.
        """

    @abstractmethod
    def state(self) -> State:
        """What `restore` needs to make an equal detector."""

    @classmethod
    @abstractmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of; `StoreError` if it cannot be."""


@runtime_checkable
class Online(Protocol):
    """A detector that goes on learning."""

    def partial_fit(self, data: Any) -> Self:
        """Learn from more data, beside what is known."""


def by_distinct(items: Sequence[Key], score: Callable[[list[Key]], Floats]) -> Floats:
    """Scores of `items`, each distinct one scored once: sessions and messages repeat."""
    places: dict[Key, int] = {}
    where = np.fromiter(
        (places.setdefault(item, len(places)) for item in items), np.intp, len(items)
    )
    if not places:
        return np.zeros(0)
    return finite(score(list(places)))[where]


def finite(scores: Any) -> Floats:
    """`scores` as finite floats; one that overflowed is as large (or small) as floats get."""
    array = np.asarray(scores, dtype=np.float64)
    if np.isnan(array).any():
        raise DataError("a score is not a number")
    return np.nan_to_num(array, posinf=np.finfo(np.float64).max, neginf=np.finfo(np.float64).min)


def matrix(data: Any, columns: int | None = None) -> Floats:
    """`data` as an array (n, d) of finite floats; `DataError` names what is wrong with it."""
    array = np.asarray(data, dtype=np.float64)
    if array.ndim != 2:
        raise DataError(f"expected an array of rows and columns, not of {array.ndim} dimensions")
    if columns is not None and array.shape[1] != columns:
        raise DataError(f"expected {columns} columns, as in training, not {array.shape[1]}")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise DataError(f"row {row}, column {column} is {array[row, column]}, not a finite number")
    return array


def some(data: Sequence[Any] | NDArray[Any]) -> None:
    """`DataError` unless there is something to learn from."""
    if len(data) == 0:
        raise DataError("there is nothing to learn from")
