"""How far a search source has read: the content of its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.search.seen import Seen
from engine.errors import SourceError
from engine.ports import Checkpoint

VERSION = 1


class Position:
    """`mark` (epoch ms, None before the first event) and the ids seen in the overlap before it.

    Everything from `start` (epoch ms, None: the beginning) to the mark that was searchable has
    been read. As JSON: `{"version": 1, "start": int|null, "mark": int|null,
    "seen": {part: keys}, "seen_capped": bool}`.
    """

    def __init__(self, overlap_ms: int, max_seen: int, start: int | None = None) -> None:
        self.start = start
        self.mark: int | None = None
        self.seen = Seen(overlap_ms, max_seen)

    def load(self, checkpoint: Checkpoint, source: str) -> None:
        """Take up a stored checkpoint. Raises `SourceError` when it is none of ours."""
        mark, seen = checkpoint.get("mark"), checkpoint.get("seen")
        problem = f"the checkpoint of source {source!r} cannot be read"
        if checkpoint.get("version") != VERSION or not isinstance(seen, Mapping):
            raise SourceError(problem, expected=f"version {VERSION}")
        start = checkpoint.get("start")
        for name, time in (("mark", mark), ("start", start)):
            if time is not None and (not isinstance(time, int) or isinstance(time, bool)):
                raise SourceError(problem, field=name, expected="milliseconds or null")
        try:
            self.seen.load(seen)
        except (ValueError, TypeError) as error:
            raise SourceError(f"{problem}: {error}", field="seen") from error
        self.mark, self.start = mark, start

    def advance(self, mark: int) -> None:
        """Move the mark on, never back."""
        self.mark = mark if self.mark is None else max(self.mark, mark)
        self.seen.forget_before(self.mark)

    def checkpoint(self) -> Checkpoint:
        """The position as a checkpoint; later changes here do not reach into it."""
        return {
            "version": VERSION,
            "start": self.start,
            "mark": self.mark,
            "seen": self.seen.dump(),
            "seen_capped": self.seen.capped,
        }
