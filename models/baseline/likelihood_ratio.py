"""Sessions by events that are less likely where they stand than anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.base import Floats, Reason, Session
from models.baseline.chain import Chain
from models.baseline.grams import padded
from models.baseline.words import listed, stepped


class LikelihoodRatio(Chain):
    """The mean, over a session's events, of how much less likely each is after those before it.

    A session of rare events is unlikely as a whole and need not be strange. So the chance of each
    event after up to `order` - 1 before it is held against its share of all events, in nats; where
    it is likelier than that, it counts as 0.

    The order was chosen as that of `variable-order`; that what is likelier counts as 0, on the
    same made-up anomalies.
    """

    name: ClassVar[str] = "likelihood-ratio"
    source: ClassVar[str] = (
        "Ren and others: Likelihood Ratios for Out-of-Distribution Detection (2019)"
    )

    def __init__(self, order: int = 12) -> None:
        super().__init__(order)

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        return self._means(*self._flat(sessions))

    def _flat(
        self, sessions: Sequence[Session]
    ) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
        data = padded(sessions, max(self.order - 1, 1))
        ratio = self._chain.surprise(data) - self._chain.surprise(data, 1)
        return np.maximum(ratio, 0.0), data.starts

    def _reason(self, session: Session, place: int, surprise: float) -> Reason:
        before = session[max(0, place - self.order + 1) : place]
        less = f"{np.exp(surprise):,.3g} times less likely" if surprise else "as likely"
        than = "than" if surprise else "as"
        return Reason(
            f"step {place + 1}",
            float(surprise),
            f"{stepped(session, place)} after {listed(before)} is {less} {than} anywhere",
        )
