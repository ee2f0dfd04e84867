"""Where in an index the values of Sigma fields stand: `engine.normalise`, turned round.

An index is asked by the names that documents have, and a field has its value from one of several.
All that may be it are told here, whatever else a document has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from engine.ecs import ECS, MADE
from engine.kinds import ZEEK_NAMES
from engine.needs.test import Test
from engine.normalise import ALIASES, DATA, WINLOGBEAT

ENVELOPE = "Event."
"""What EVTX as JSON has all its names under; of these more than names are made."""

RENAMED = {"ImageLoaded": ("file.path",), "PipeName": ("file.name",)}
"""What ECS calls otherwise in some events only."""


def _others() -> dict[str, set[str]]:
    """The other names from which a name gets its value."""
    found: dict[str, set[str]] = {}
    for table in (ALIASES, WINLOGBEAT, RENAMED):
        for name, others in table.items():
            found.setdefault(name, set()).update(others)
    for other, names in ECS.items():
        for name in names:
            found.setdefault(name, set()).add(other)
    for other, name in ZEEK_NAMES:
        found.setdefault(name, set()).add(other)
    return found


OTHERS = _others()


class Places:
    """The names in an index's mapping, and which of them may give a Sigma field its value.

    `leaves` are the dotted names of all values in documents, whatever their type, and without
    what only the mapping has (fields in several ways, aliases); `objects` are those of objects, and
    `hidden` of those below which documents may have names that the mapping has not ("": all).
    """

    def __init__(
        self,
        leaves: Collection[str],
        objects: Collection[str] = (),
        hidden: Collection[str] = (),
    ) -> None:
        spellings = {each for name in hidden for each in (name, name.replace(" ", ""))}
        self._hidden = tuple(f"{name}." if name else "" for name in spellings)
        self._leaves = frozenset(leaves)
        above = (name[:at] for name in leaves for at, char in enumerate(name) if char == ".")
        self._objects = frozenset(chain(objects, above))
        self._all = self._leaves | self._objects
        self._envelope = any(name.startswith(ENVELOPE) for name in {*self._all, *self._hidden})
        self._spaced: dict[str, list[str]] = {}
        """Names with spaces, by what they are called without."""
        for name in sorted(self._all):
            if " " in name:
                self._spaced.setdefault(name.replace(" ", ""), []).append(name)
        self._joined = any(self._may_have(part) for parts in MADE.values() for part in parts)

    def of(self, field: str) -> frozenset[str] | None:
        """All names that may give the field its value; None where there may be others.

        Those may be objects, whose JSON is the value, and values that make one together.
        """
        if self._envelope:
            return None
        names = self._names(field)
        if any(self._may_have(part) for name in names for part in MADE.get(name, ())):
            return None
        found = frozenset(path for name in names for path in self._paths(name))
        if self._hides(found):
            return None
        return None if found & self._objects else found & self._leaves

    def words(self, test: Test) -> frozenset[str] | None:
        """All names of values of which one passes the test if any value of an event does.

        None where an event may have others: made of several values, which the test may not tell.
        """
        if self._hidden:
            return None
        return None if self._joined and not test.joined else self._leaves

    def _names(self, field: str) -> set[str]:
        """All names that the field's value may come by."""
        found, left = {field}, [field]
        while left:
            new = OTHERS.get(left.pop(), set()) - found
            found |= new
            left += new
        return found

    def _paths(self, name: str) -> Iterator[str]:
        """Where a value of that name may stand."""
        for path in (name, *(f"{data}.{name}" for data in DATA)):
            yield path
            yield from self._spaced.get(path, ())

    def _may_have(self, name: str) -> bool:
        """Whether a value may come by that name."""
        paths = {path for each in self._names(name) for path in self._paths(each)}
        return not paths.isdisjoint(self._all) or self._hides(paths)

    def _hides(self, paths: Collection[str]) -> bool:
        """Whether a value may stand at one of some names that the mapping has not."""
        return any(path.startswith(self._hidden) for path in paths) if self._hidden else False


def places(field: str, leaves: Collection[str]) -> frozenset[str] | None:
    """As `Places.of`."""
    return Places(leaves).of(field)
