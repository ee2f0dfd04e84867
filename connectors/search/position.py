"""How far a search source has read: the content of its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.search.memory import Memory
from connectors.search.seen import Seen
from connectors.search.sketch import Sketch
from engine.errors import SourceError
from engine.ports import Checkpoint

VERSION = 2
READ = (1, VERSION)
"""Of the first version the ids in the overlap are not read: its events are evaluated once more."""


class Position:
    """`mark` (epoch ms, None before the first event) and the events seen in the overlap before it.

    Everything from `start` (epoch ms, None: the beginning) to the mark that was searchable has
    been read. `memory` is what a sweep knows of the time behind the overlap, up to
    `horizon_ms` behind the mark; None without. As JSON: `{"version": 2, "start": int|null,
    "mark": int|null, "seen": events, "sweep": memory}`.
    """

    def __init__(
        self,
        overlap_ms: int,
        max_seen: int,
        start: int | None = None,
        horizon_ms: int | None = None,
    ) -> None:
        self.start = start
        self.mark: int | None = None
        self.seen = Seen(overlap_ms, max_seen, self._dropped)
        self.memory: Memory | None = None
        if horizon_ms is not None:
            self.memory = Memory(self.seen.width, max(horizon_ms, overlap_ms), start)

    def _dropped(self, time: int, events: Sketch, absent: int) -> None:
        if self.memory:
            self.memory.fold(time, events, absent)

    def load(self, checkpoint: Checkpoint, source: str) -> None:
        """Take up a stored checkpoint. Raises `SourceError` when it is none of ours."""
        mark, seen = checkpoint.get("mark"), checkpoint.get("seen")
        problem = f"the checkpoint of source {source!r} cannot be read"
        if checkpoint.get("version") not in READ or not isinstance(seen, Mapping):
            raise SourceError(problem, expected=f"version {VERSION}")
        start = checkpoint.get("start")
        for name, time in (("mark", mark), ("start", start)):
            if time is not None and (not isinstance(time, int) or isinstance(time, bool)):
                raise SourceError(problem, field=name, expected="milliseconds or null")
        self.mark, self.start = mark, start
        try:
            self._remember(checkpoint.get("sweep"))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise SourceError(f"{problem}: {error}", field="sweep") from error
        try:
            if checkpoint["version"] == VERSION:
                self.seen.load(seen)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(f"{problem}: {error}", field="seen") from error

    def _remember(self, dumped: Mapping[str, Any] | None) -> None:
        """Take up a sweep's memory, or begin one where something was read before."""
        if self.memory is None:
            return
        self.memory.since = self.start
        if (dumped is None or not self.memory.load(dumped)) and self.mark is not None:
            self.memory.restart(self.mark, self.start)

    def advance(self, mark: int) -> None:
        """Move the mark on, never back."""
        self.mark = mark if self.mark is None else max(self.mark, mark)
        self.seen.forget_before(self.mark)
        if self.memory:
            self.memory.forget(self.mark)

    def edge(self) -> int:
        """From when on polls read again, and before when a sweep looks: no event lies between.

        It is where the oldest part of `seen` begins, up to a part before mark - overlap.
        """
        assert self.mark is not None
        return self.seen.edge(self.mark)

    def checkpoint(self) -> Checkpoint:
        """The position as a checkpoint; later changes here do not reach into it."""
        return {
            "version": VERSION,
            "start": self.start,
            "mark": self.mark,
            "seen": self.seen.dump(),
            **({"sweep": self.memory.dump()} if self.memory else {}),
        }
