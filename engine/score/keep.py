"""The state of a scorer, kept inside the checkpoints that it belongs to, as that of correlations.

Every commit of any of a pipeline's sources carries the whole state; the last saved one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.correlate import keep
from engine.ports import Checkpoint, StateStore
from engine.score.scorer import Scorer

KEY = "vedette.score"


def without_state(checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint without the state inside."""
    return keep.without_state(checkpoint, KEY)


class Keeper:
    """Takes a scorer's state up once, and puts it into every checkpoint.

    `sources` names all of the pipeline's; without any it is the one that is drained.
    """

    def __init__(
        self,
        scorer: Scorer,
        state: StateStore,
        sources: Sequence[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._scorer, self._state, self._clock = scorer, state, clock
        self._sources = tuple(sources)
        self._saved: int | None = None
        """The number of the state last saved; None before it was looked for."""
        self._kept: Mapping[str, Any] | None = None

    def resume(self, name: str) -> None:
        """Take up the state that was saved last, once."""
        if self._saved is not None:
            return
        names = self._sources or (name,)
        now = self._clock()
        found = None
        if self._scorer.lasting:
            found = keep.newest((self._state.load(known) for known in names), KEY)
        if found:
            self._scorer.restore(found[1], now)
        self._saved = found[0] if found else 0
        self._scorer.watch(names, now)

    def forget(self) -> None:
        """What was not stored will be read again: go back to what was."""
        self._scorer.reset()
        self._saved = self._kept = None

    def stateful(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the state inside."""
        if not self._scorer.lasting:
            return checkpoint
        if self._scorer.changed or self._kept is None:
            self._saved = (self._saved or 0) + 1
            self._kept = self._scorer.save()
        return keep.with_state(checkpoint, self._saved or 0, self._kept, KEY)
