"""Sessions by how surprising each event is after all before it that training knew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.base import Floats, Session
from models.baseline.chain import Chain


class VariableOrder(Chain):
    """The root mean square of the surprise of a session's events, its end among them, in nats.

    The memory is as long as what training had of it, up to `order` - 1 events: a chance is blended
    of those after contexts of every length. The root mean square lies between the mean, in which
    one strange step of a long session drowns, and the most surprising step, that is all the peak
    knows.

    Order and mean were chosen on made-up anomalies of all sets (`vedette/evaluate/madeup.py`,
    `harder.py`), among orders 5, 8, 12 and 20 and powers 1, 2 and 4.
    """

    name: ClassVar[str] = "variable-order"
    source: ClassVar[str] = (
        "Cleary, Witten: Data Compression Using Adaptive Coding and Partial String Matching "
        "(1984); Begleiter, El-Yaniv, Yona: On Prediction Using Variable Order Markov Models (2004)"
    )

    def __init__(self, order: int = 12) -> None:
        super().__init__(order)

    def _scores(self, sessions: Sequence[Session]) -> Floats:
        surprise, starts = self._flat(sessions)
        return np.sqrt(self._means(surprise**2, starts))
