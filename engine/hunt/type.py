"""What every type of hunt is: keys of its own, and an evaluation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from engine.detect import Match
from engine.errors import Report
from engine.hunt.keys import Key
from engine.hunt.model import Hunt, Span
from engine.hunt.reader import Reader
from engine.hunt.row import Finding, Row
from engine.rule import Rule

Memory = dict[str, Any]
"""What a hunt remembers from run to run: JSON values, kept with the mark of its last run."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a type is made of: its own keys' values, and what it may need of the rest.

    `options` has a value for each of the type's keys, its default where it was not given.
    `compile` makes a Sigma rule of a detection block, raising `KeyProblem`.
    """

    options: Mapping[str, Any]
    group_by: tuple[str, ...]
    folder: Path
    compile: Callable[[Any, str], Rule]
    filtered: bool
    """Whether the hunt has a detection."""
    queried: bool
    """Whether it has a query."""


@dataclass(slots=True)
class Run:
    """One run of a hunt: its span, the place it reads from, and what it remembers.

    `rows` are the events that count, in the order of (time, id), of a span; findings are wanted
    for the times in `span`. `memory` may be changed; it is kept when the run has succeeded.
    """

    hunt: Hunt
    span: Span
    window: Span
    """The span without the look-back before it: for what cannot be known again if found twice."""
    reader: Reader
    memory: Memory
    rows: Callable[..., Iterator[Row]]
    report: Report
    counted: Callable[[Row, Sequence[Match]], list[Match]] = lambda _row, matches: list(matches)
    """The matches of an event that no exception holds back."""


class HuntType(ABC):
    """A type of hunt; each file of `engine/hunt/types` holds one, a frozen dataclass."""

    name: ClassVar[str]
    summary: ClassVar[str]
    """One line that says what it finds."""

    where: ClassVar[str]
    """Where it is evaluated, in words for people."""

    keys: ClassVar[tuple[Key, ...]] = ()
    grouped: ClassVar[bool] = True
    """Whether `group_by` means something to it."""

    filtered: ClassVar[bool] = True
    """Whether `detection` means something to it."""

    on_files: ClassVar[bool] = True
    """Whether it can run over files, without a cluster."""

    needs_before: ClassVar[bool] = False
    """Whether it compares a span with what lies before it, so that a start must be named."""

    @classmethod
    @abstractmethod
    def of(cls, given: Given) -> HuntType:
        """The type with a hunt's own values. Raises `KeyProblem`."""

    @abstractmethod
    def findings(self, run: Run) -> Iterator[Finding]:
        """What is found in a run's span, in any order. Raises `SourceError`."""

    def reach(self) -> int:
        """How far before its span it reads events that it matches, in microseconds."""
        return 0

    def rules(self) -> tuple[Rule, ...]:
        """The Sigma rules it brings, beside the hunt's own detection."""
        return ()
