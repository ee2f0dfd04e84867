"""Event numbers as the tokens of a network: dense, after the special ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.base import Session

UNKNOWN, START, END, MASK = range(4)
SPECIAL = 4
"""How many tokens stand for no event of their own."""

Tokens = NDArray[np.int64]


class Vocabulary:
    """The events of training. Whatever else comes is UNKNOWN, as event number 0 always is."""

    def __init__(self, events: Iterable[int]) -> None:
        self.events = sorted({int(event) for event in events} - {0})
        self._tokens = {event: SPECIAL + at for at, event in enumerate(self.events)}

    def __len__(self) -> int:
        return SPECIAL + len(self.events)

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> Vocabulary:
        """That of the events in `sessions`."""
        return cls({event for session in sessions for event in session})

    def tokens(self, session: Session) -> Tokens:
        """START, a token for each event, END."""
        get = self._tokens.get
        return np.array([START, *(get(event, UNKNOWN) for event in session), END], dtype=np.int64)

    def word(self, token: int) -> str:
        """The token in words."""
        if token >= SPECIAL:
            return f"event {self.events[token - SPECIAL]}"
        return ("an unknown event", "the start", "the end", "a hidden event")[token]
