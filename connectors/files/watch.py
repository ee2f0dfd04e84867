"""A folder watched for new events: lines as they are added, other files once they are whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from connectors.files.growing import grown
from connectors.files.limits import Context, Limits
from connectors.files.packed import blocks, unread
from connectors.files.place import Place, holds, load
from connectors.files.reader import read
from connectors.files.roster import Present, Roster
from connectors.files.stamp import Find
from connectors.files.walk import files
from engine.errors import InputError, Problem, Report, SourceError
from engine.ports import Batch, Checkpoint, Look, Record

QUIET = 2.0
"""Seconds without change after which a file to be read whole is taken for finished."""


_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class FolderSource:
    """A `Source` of what is added to a folder, below it too.

    Newline-delimited JSON and plain logs are read line by line as they grow, through rotation by
    renaming, by copying and truncating, by compressing, and by deleting. A last line without its
    newline waits for it, however long: half an event is no event (a hunt over the file does read
    it).
    EVTX, compressed files, UTF-16 and JSON documents are read once, when they have not changed
    since the last poll or for two seconds; one that changes afterwards is read again from its
    start, for it is another document then.

    The checkpoint of each batch is the place reached in every file: a poll from it repeats
    nothing before and leaves out nothing behind. A batch may have no records, where only
    something unreadable was passed; a line that holds many events is never split over two.
    `clock` gives epoch seconds; `look` is asked of each line before it is parsed; with `text`, a
    line of no known form is an event too, with its time and a `message`; `times` tells that time
    in place of the forms that are known. Raises `InputError` when the folder is not there at
    first, and `poll` raises `SourceError` when it cannot be listed and `StateError` for a foreign
    checkpoint.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        report: Report,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        look: Look | None = None,
        text: bool = False,
        times: Find | None = None,
    ) -> None:
        if not folder.is_dir():
            raise InputError("no such folder", file=str(folder))
        self.name = name
        self._folder, self._limits, self._clock = folder, limits or Limits(), clock
        self._report, self._look, self._text = report, look, text
        self._times = times
        self._told: set[tuple[str, str | None]] = set()
        self._looks: dict[tuple[int, int], tuple[int, int]] = {}

    def poll(self, checkpoint: Checkpoint | None) -> Iterator[Batch]:
        """Yield what is new since the checkpoint, the files changed longest ago first."""
        roster = Roster(load(checkpoint), self._open, self._settled)
        entries = [place.stored() for place in roster.places]
        last = list(entries)
        present = self._present()
        work = roster.assign(present)
        entries = [place.stored() for place in roster.places]
        numbers = {id(place): at for at, place in enumerate(roster.places)}
        for path, place in work:
            for records in self._read(path, place):
                entries[numbers[id(place)]] = place.stored()
                last = list(entries)
                yield Batch(records, {"files": last})
        self._looks = {(s.st_dev, s.st_ino): (s.st_size, s.st_mtime_ns) for _, s in present}
        roster.forget(present, self._clock())
        now = [place.stored() for place in roster.places]
        if now != last:
            yield Batch([], {"files": now})

    def close(self) -> None:
        """Nothing is held open between polls."""

    def _present(self) -> list[Present]:
        try:
            with os.scandir(self._folder):
                pass
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise SourceError(f"cannot be listed: {why}", file=str(self._folder)) from error
        found: list[Present] = []
        seen: set[tuple[int, int]] = set()
        for path, status in files(self._folder, self._once):
            identity = (status.st_dev, status.st_ino)
            if identity not in seen:
                seen.add(identity)
                found.append((path, status))
        return sorted(found, key=lambda each: (each[1].st_mtime_ns, each[0]))

    def _open(self, path: Path) -> BinaryIO | None:
        try:
            # Not blocking: a pipe may have taken the file's place since it was listed.
            return os.fdopen(os.open(path, _FLAGS), "rb", 0)
        except FileNotFoundError:
            return None  # rotated since it was listed: the next poll finds it
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._once(Problem("unreadable-file", why, str(path)))
            return None

    def _settled(self, status: os.stat_result) -> bool:
        look = self._looks.get((status.st_dev, status.st_ino))
        unchanged = look == (status.st_size, status.st_mtime_ns)
        return unchanged or self._clock() - status.st_mtime >= QUIET

    def _read(self, path: Path, place: Place) -> Iterator[list[Record]]:
        file = None if place.done else self._open(path)
        if file is None:
            return
        with file:
            status = os.fstat(file.fileno())
            context = Context(
                str(path), self._report, self._limits, self._look,
                datetime.fromtimestamp(status.st_mtime, UTC), self._text, self._times,
            )  # fmt: skip
            if (status.st_dev, status.st_ino) != place.identity:
                return  # rotated since it was listed: the next poll sorts it out
            try:
                if place.whole:
                    yield from _whole(file, place, context)
                elif holds(file, place):
                    yield from grown(file, place, status.st_size, context)
            except OSError as error:
                self._once(Problem("unreadable-file", error.strerror or "", str(path)))

    def _once(self, problem: Problem) -> None:
        """Report what every poll would find again the first time only."""
        key = (problem.kind, problem.file)
        if key not in self._told:
            self._told.add(key)
            self._report(problem)


def _whole(file: BinaryIO, place: Place, context: Context) -> Iterator[list[Record]]:
    """The events not yet read of a file that is read whole; the place moves behind each lot."""
    records = unread(file, place, context) if place.offset else read(blocks(file), context)
    # Reading is the same each time, so what was read before can be counted off.
    for _ in islice(records, place.records):
        pass
    while lot := list(islice(records, context.limits.batch)):
        place.records += len(lot)
        yield lot
    place.done = True
