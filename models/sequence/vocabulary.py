"""Event numbers as the tokens of a network: dense, after the special ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Session

UNKNOWN, START, END, MASK, COUNTED, CUT = range(6)
SPECIAL = 6
"""How many tokens stand for no event of their own."""

Tokens = NDArray[np.int64]


class Vocabulary:
    """The events of training, in the order given: that of their tokens.

    Whatever else comes is UNKNOWN, as event number 0 always is.
    """

    def __init__(self, events: Iterable[int]) -> None:
        self.events = [event for event in dict.fromkeys(int(each) for each in events) if event]
        self._tokens = {event: SPECIAL + at for at, event in enumerate(self.events)}

    def __len__(self) -> int:
        return SPECIAL + len(self.events)

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> Vocabulary:
        """That of the events in `sessions`, those first that are in most of them."""
        having = Counter(event for session in sessions for event in set(session))
        return cls(sorted(having, key=lambda event: (-having[event], event)))

    def with_others(self, sessions: Iterable[Session]) -> Vocabulary:
        """This one, and after it the events of `sessions` that it lacks."""
        return Vocabulary([*self.events, *Vocabulary.of(sessions).events])

    def tokens(self, session: Session) -> Tokens:
        """START, a token for each event, END."""
        get = self._tokens.get
        return np.array([START, *(get(event, UNKNOWN) for event in session), END], dtype=np.int64)

    def counted(self, session: Session, most: int) -> list[Tokens]:
        """The events without their order: COUNTED, sorted tokens, END; UNKNOWN ones come last.

        Of a session with more than `most` tokens, each part of it so, CUT where it goes on.
        """
        step = most - 1
        events = self.tokens(session)[1:-1]
        parts = [events[at : at + step] for at in range(0, max(len(events), 1), step)]
        last = len(parts) - 1
        return [
            np.array([COUNTED, *in_order(part), END if at == last else CUT], dtype=np.int64)
            for at, part in enumerate(parts)
        ]

    def likeliest(self, chances: Floats, most: int) -> list[tuple[int | None, float]]:
        """The `most` likeliest tokens by their `chances` (tokens,): event, or None, and chance.

        None stands for the end; other special tokens stand for nothing that comes.
        """
        order = [int(at) for at in np.argsort(-chances, kind="stable")]
        found = [at for at in order if at >= SPECIAL or at == END][:most]
        return [
            (None if at == END else self.events[at - SPECIAL], float(chances[at])) for at in found
        ]

    def word(self, token: int) -> str:
        """The token in words."""
        if token >= SPECIAL:
            return f"event {self.events[token - SPECIAL]}"
        return ("an unknown event", "the start", "the end", "a hidden event", "counts", "a cut")[
            token
        ]


def in_order(tokens: Tokens) -> Tokens:
    """The tokens of events as `counted` has them: sorted, UNKNOWN ones last."""
    return np.concatenate([np.sort(tokens[tokens != UNKNOWN]), tokens[tokens == UNKNOWN]])
