"""Errors that a user meets, and problems that are counted while the work goes on.

    VedetteError
     ├── RuleError        a rule cannot be loaded
     ├── InputError       an input cannot be read, or an argument makes no sense
     ├── SettingsError    a configuration is wrong
     ├── SourceError      a source's answer is missing or not whole: nothing moves, try again
     ├── SinkError        alerts could not be stored: nothing moves, try again
     └── StateError       a checkpoint could not be read or written
          └── LeaseError  another instance owns the work now: stop, and try to get it again

No error of a dependency crosses a package's border: it is wrapped here with `raise … from`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches


class VedetteError(Exception):
    """A failure told to the user as `file:line: field: message; expected …; did you mean …?`."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        expected: str | None = None,
        nearest: str | None = None,
    ) -> None:
        self.message, self.file, self.line = message, file, line
        self.field, self.expected, self.nearest = field, expected, nearest
        super().__init__(str(self))

    def __str__(self) -> str:
        text = locate(self.message, self.file, self.line, self.field)
        if self.expected:
            text += f"; expected {self.expected}"
        if self.nearest:
            text += f"; did you mean {self.nearest!r}?"
        return text


class RuleError(VedetteError):
    """A rule cannot be loaded."""


class InputError(VedetteError):
    """An input cannot be read, or a command's argument makes no sense."""


class SettingsError(VedetteError):
    """The configuration is wrong."""


class SourceError(VedetteError):
    """A source gave no whole answer; no checkpoint moves and the poll may be repeated."""


class SinkError(VedetteError):
    """Alerts could not be stored; no checkpoint moves and the write may be repeated."""


class StateError(VedetteError):
    """A checkpoint could not be read or written."""


class LeaseError(StateError):
    """State is owned under a greater fencing token (`found`) than that of whoever asks."""

    def __init__(self, message: str, *, found: int) -> None:
        self.found = found
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in the input that does not stop the work: counted, named, never hidden.

    `kind` is a short stable slug such as `malformed-json`; `message` is one sentence.
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        return locate(self.message, self.file, self.line, self.field)


Report = Callable[[Problem], None]
"""How a reader tells of a problem and goes on."""


class Problems:
    """Counts every problem by kind and keeps the first few of each; memory stays bounded."""

    def __init__(self, keep: int = 20) -> None:
        self.keep = keep
        self.counts: Counter[str] = Counter()
        self._kept: dict[str, list[Problem]] = {}

    def __call__(self, problem: Problem) -> None:
        """Take one problem in (the `Report` signature)."""
        self.counts[problem.kind] += 1
        kept = self._kept.setdefault(problem.kind, [])
        if len(kept) < self.keep:
            kept.append(problem)

    def __iter__(self) -> Iterator[Problem]:
        for kept in self._kept.values():
            yield from kept

    def __len__(self) -> int:
        return sum(self.counts.values())


def locate(message: str, file: str | None, line: int | None, field: str | None) -> str:
    """Join a message with where it belongs, `file:line: field: message`."""
    where = file or ""
    if line is not None:
        where += f":{line}" if where else f"line {line}"
    return ": ".join(part for part in (where, field, message) if part)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a misspelt one, or None when nothing is close."""
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
