"""Which file in a folder is which: each is matched with the place reached in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import BinaryIO

from connectors.files.growing import by_line
from connectors.files.packed import continues
from connectors.files.place import PRINT, Place, before, digest, first_line, holds, rotation_of

FORGET = 86400.0
"""Seconds after which a file that is gone is no longer remembered."""

MOST_GONE = 1000
"""So many files that are gone are remembered at most, the latest ones."""

Present = tuple[Path, os.stat_result]
Open = Callable[[Path], BinaryIO | None]
Settled = Callable[[os.stat_result], bool]


class Relation(Enum):
    """What a new file is to one already known: nothing, a copy of it, or all that is left."""

    NONE = 0
    COPY = 1
    REST = 2


class Roster:
    """The places of all files that are, or lately were, in a folder.

    `opened` opens a file or reports why it cannot; `settled` says that a file has come to rest.
    """

    def __init__(self, places: list[Place], opened: Open, settled: Settled) -> None:
        self.places = places
        self._open, self._settled = opened, settled
        self._intact: set[int] = set()

    def assign(self, present: Sequence[Present]) -> list[tuple[Path, Place]]:
        """The files that may be read now, in the order given, each with its place."""
        known: dict[tuple[int, int], list[Place]] = {}
        for place in self.places:
            known.setdefault(place.identity, []).append(place)
        found: dict[Path, Place] = {}
        # All known files come first: whether a new one is a copy depends on its original.
        for look in (partial(self._known, known), self._new):
            for path, status in present:
                if path in found or (file := self._open(path)) is None:
                    continue
                with file:
                    matched = look(path, status, file)
                if matched is not None:
                    self._intact.add(id(matched))
                    found[path] = matched
        return [(path, found[path]) for path, _ in present if path in found]

    def forget(self, present: Sequence[Present], now: float) -> None:
        """Drop what is long gone, and at once whole files that have become other ones."""
        there = {(status.st_dev, status.st_ino) for _, status in present}
        kept = []
        for place in self.places:
            if id(place) in self._intact:
                place.gone = None
            elif place.gone is None:
                place.gone = now
            replaced = place.whole and place.gone is not None and place.identity in there
            copied = any(tuple(copy) in there for copy in place.copies)
            if place.gone is None or copied or (now - place.gone < FORGET and not replaced):
                kept.append(place)
        gone = sorted((place.gone for place in kept if place.gone is not None), reverse=True)
        oldest = gone[MOST_GONE] if len(gone) > MOST_GONE else float("-inf")
        self.places = [place for place in kept if place.gone is None or place.gone > oldest]

    def _known(
        self,
        known: Mapping[tuple[int, int], list[Place]],
        path: Path,
        status: os.stat_result,
        file: BinaryIO,
    ) -> Place | None:
        """The place whose device, inode and content a file has."""
        for place in known.get((status.st_dev, status.st_ino), ()):
            if _same(file, status, place):
                place.move(path, status)
                return place
        return None

    def _new(self, path: Path, status: os.stat_result, file: BinaryIO) -> Place | None:
        """The place for a file not seen before; None when it is not to be read, or not yet."""
        settled = self._settled(status)
        lines = by_line(file, complete=settled and ".json" in path.suffixes)
        if lines is None or (not lines and not settled):
            return None
        place = _begun(path, status, file, whole=not lines)
        for other in self.places:
            if other.whole or not rotation_of(path, other):
                continue
            relation = self._relation(file, place, other, status.st_size)
            if relation is Relation.COPY:
                return None
            if relation is Relation.REST:
                if lines:
                    other.move(path, status)
                    return other
                place.offset, place.line = other.offset, other.line
        self.places.append(place)
        return place

    def _relation(self, file: BinaryIO, place: Place, other: Place, size: int) -> Relation:
        """What a new file, by its name a rotation of `other`, has to do with it.

        While the original is there the copy's content is read from the original.
        """
        intact, identity = id(other) in self._intact, list(place.identity)
        remembered = identity in other.copies
        if place.whole:
            alike = (intact and remembered) or continues(file, other)
        elif intact and size < other.offset:
            alike = self._begins(file, other, size)
        else:
            alike = holds(file, other)
        if not alike:
            done = remembered and not intact and place.head == other.head
            return Relation.COPY if done and not place.whole else Relation.NONE
        if not intact:
            return Relation.REST
        if not remembered:
            other.copies.append(identity)
        return Relation.COPY

    def _begins(self, file: BinaryIO, other: Place, size: int) -> bool:
        """Whether an original begins with the content of a (shorter) copy."""
        original = self._open(Path(other.path))
        if original is None:
            return False
        with original:
            same_head = digest(_beginning(file, other.head_size)) == other.head
            return same_head and before(original, size) == before(file, size)


def _same(file: BinaryIO, status: os.stat_result, place: Place) -> bool:
    if not place.whole:
        return holds(file, place)
    unchanged = (status.st_size, status.st_mtime_ns) == (place.size, place.mtime_ns)
    return unchanged and digest(_beginning(file, place.head_size)) == place.head


def _beginning(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def _begun(path: Path, status: os.stat_result, file: BinaryIO, *, whole: bool) -> Place:
    head = _beginning(file, PRINT) if whole else first_line(file)
    place = Place(str(path), status.st_dev, status.st_ino, digest(head), len(head), whole)
    place.tail = digest(b"")
    if whole:
        place.size, place.mtime_ns = status.st_size, status.st_mtime_ns
    return place
