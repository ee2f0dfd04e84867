"""What a plan demands of a line, so that a few of its values tell the whole event.

The values that rules ask for are read. Of everything else that could change what the rules see, a
plan says what it must be: there, missing, null, or no object. A line in which it is otherwise is
not judged by that plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.ecs import made
from engine.layout import Layout
from engine.match.body import Held
from engine.match.fieldtests import NOTHING, FieldTests
from engine.match.judge import Judge
from engine.normalise import ALIASES

MISSING: Held = frozenset({-1})
"""Marks, among the numbers of tests that hold, that a field is missing or null."""

Path = tuple[str, ...]
"""The keys that lead to a value, from the outermost."""


@dataclass(frozen=True, slots=True)
class Made:
    """A field that several values make together, of which all are texts."""

    field: str
    names: tuple[str, ...]
    parts: tuple[Path, ...]

    def value(self, parts: Iterable[Any]) -> Any:
        """What the parts make; None where they make nothing."""
        texts = {n: part for n, part in zip(self.names, parts, strict=True) if type(part) is str}
        return made(self.field, texts)


Key = Path | Made
"""What gives a field its value."""

Fixed = Mapping[Path, Sequence[str | int]]
"""Values of which a line must have one each."""


@dataclass(slots=True)
class Demands:
    """What must be at some paths. Where nothing is said, may be anything.

    `tests` are those of the values that are read. What is `listed` must be there, be it a list;
    `there`, too, but as a scalar; `filled` besides not null; `never` may not be there, and `empty`
    as null alone. `unseen` may not be there either, nor an object which may lead there, where
    nothing else asks for that one; `apart` may hold no object, and `texts` nothing but text. `base`
    is what holds of fields that have no place at all.

    `dotted` are parts of names with which, and a dot, no key may begin; None for a flat event, of
    which `engine.layout` knows the names.
    """

    tests: dict[Key, list[FieldTests]] = field(default_factory=dict)
    listed: set[Path] = field(default_factory=set)
    there: set[Path] = field(default_factory=set)
    filled: set[Path] = field(default_factory=set)
    never: set[Path] = field(default_factory=set)
    unseen: set[Path] = field(default_factory=set)
    empty: set[Path] = field(default_factory=set)
    apart: set[Path] = field(default_factory=set)
    texts: set[Path] = field(default_factory=set)
    base: Held = NOTHING
    dotted: frozenset[str] | None = None

    def ask(self, key: Key, tests: FieldTests) -> None:
        """Read what gives a field its value."""
        self.tests.setdefault(key, []).append(tests)
        if isinstance(key, Made):
            self.texts.update(key.parts)

    def required(self, path: Path) -> bool:
        """Whether there must be something."""
        return path in self.there or path in self.filled or path in self.listed

    def demanded(self) -> Iterator[Path]:
        """Paths of all that must or may not be there."""
        for some in (self.listed, self.there, self.filled, self.never, self.empty):
            yield from some

    def values(self) -> Iterator[Path]:
        """Paths of all that is read, or must or may not be there."""
        yield from self.demanded()
        yield from paths(self.tests)

    def leading(self) -> Iterator[Path]:
        """Paths of what must be objects, where there is anything."""
        for path in self.values():
            yield from (path[:length] for length in range(1, len(path)))


def paths(keys: Iterable[Key]) -> Iterator[Path]:
    """The values that are read for some keys."""
    for key in keys:
        if isinstance(key, Made):
            yield from key.parts
        else:
            yield key


def flat(judge: Judge, absent: Sequence[str], document: Mapping[str, Any]) -> Demands:
    """What is demanded of lines like a flat document.

    A field with other names has the value of the first of them that is there. A plan is for
    lines in which that is the same one as in the document.
    """
    demands, layout = Demands(never={(name,) for name in absent}), Layout(tuple(document))
    for tests in (*judge.first, *judge.rest):
        name = tests.field
        demands.apart.update((name[:at],) for at, char in enumerate(name) if char == ".")
        names = (name, *ALIASES.get(name, ()))
        place = layout.place(name)
        if name not in ALIASES:
            demands.ask((name,), tests)
        elif place in names:
            demands.ask((place,), tests)
            demands.there.add((place,))
            demands.never.update((other,) for other in names[: names.index(place)])
        else:
            demands.base |= MISSING | tests.fresh(())
            demands.never.update((other,) for other in names)
    return demands
