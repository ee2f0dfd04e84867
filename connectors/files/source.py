"""Events of files, folders and standard input, read once from beginning to end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from connectors.files.limits import BLOCK, Context, Limits
from connectors.files.reader import read
from connectors.files.stamp import Find
from connectors.files.walk import Found, find
from engine.errors import Report
from engine.ports import Batch, Checkpoint, Look, Record

STDIN = "<stdin>"
"""The origin of records from standard input."""


class FileSource:
    """A `Source` of every event in some files; it has no checkpoint.

    `paths` are files, folders (gone through in order of names) and `-` for standard input;
    InputError when one does not exist. `progress` is told how many more bytes of the files
    (compressed, as they lie on disk) were dealt with. `total_bytes` is what these add up to,
    None when standard input or a pipe is among them. `look` is asked of each line of JSON before
    it is parsed. With `text`, a line of no known form is an event too, with its time and a
    `message`; `times` tells that time in place of the forms that are known.
    """

    name = "files"

    def __init__(
        self,
        paths: Sequence[Path | Literal["-"]],
        report: Report,
        *,
        limits: Limits | None = None,
        progress: Callable[[int], None] | None = None,
        stdin: BinaryIO | None = None,
        look: Look | None = None,
        text: bool = False,
        times: Find | None = None,
    ) -> None:
        self._text, self._times = text, times
        self._report, self._limits = report, limits or Limits()
        self._progress, self._stdin, self._look = progress, stdin, look
        self._found = find(paths, report)
        sizes = [found.size for found in self._found]
        known = [size for size in sizes if size is not None]
        self.total_bytes = sum(known) if len(known) == len(sizes) else None
        self._records = self._read()

    def poll(self, checkpoint: Checkpoint | None = None) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the events not yet yielded: the files are read once, however often asked."""
        while batch := list(islice(self._records, self._limits.batch)):
            yield Batch(batch)

    def close(self) -> None:
        """Close the file being read; nothing more comes."""
        self._records.close()

    def _read(self) -> Generator[Record, None, None]:
        for found in self._found:
            origin = STDIN if found.path is None else str(found.path)
            context = Context(
                origin, self._report, self._limits, self._look, text=self._text, times=self._times
            )
            counted = _Counted(self._progress)
            try:
                if found.path is None:
                    yield from read(counted.blocks(self._stdin or sys.stdin.buffer), context)
                else:
                    with found.path.open("rb", buffering=0) as file:
                        written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                        dated = replace(context, written=written)
                        yield from read(counted.blocks(file), dated)
            except OSError as error:
                context.tell("unreadable-file", error.strerror or type(error).__name__)
            counted.finish(found)


class _Counted:
    """Reads a file in blocks and tells of each."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress, self._read = progress, 0

    def blocks(self, file: BinaryIO) -> Iterator[bytes]:
        while block := file.read(BLOCK):
            self._read += len(block)
            if self._progress:
                self._progress(len(block))
            yield block

    def finish(self, found: Found) -> None:
        """Count what was left unread too, so that the files add up to their total."""
        left = (found.size or 0) - self._read
        if self._progress and left > 0:
            self._progress(left)
