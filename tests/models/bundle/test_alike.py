"""Where all windows are alike, one that is like them is not strange, to any detector.

What they score differs by the rounding of floats, which is another where other windows are scored
beside them: no p may rest on it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.base import Takes
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.registry import detector, detectors

ARGUMENTS = {"embedding-hdbscan": {"encoder": "hashing"}, "gpt": {"budget": 20_000},
             "lstm": {"budget": 20_000}, "logbert": {"budget": 20_000}}  # fmt: skip
TAKEN = (Takes.SESSIONS, Takes.VECTORS, Takes.TEXTS)
SLOW = {"masked-language-model"}


def alike(first: int, windows: int) -> Iterator[Observation]:
    """Windows of a minute with the same five messages, of which one has another number each."""
    for window in range(first, first + windows):
        for second, text in enumerate(
            ("heartbeat ok", "heartbeat ok", f"job {window} done", "queue length 4 of 10", "idle")
        ):
            yield Observation("web-1", window * 60.0 + second, {"message": text})


@pytest.mark.parametrize(
    "name", [n for n in detectors() if detector(n).takes in TAKEN and n not in SLOW]
)
def test_one_more_of_the_same_is_not_strange(name: str) -> None:
    bundle = Bundle.fit(list(alike(0, 60)), Plan({name: ARGUMENTS.get(name, {})}, 60.0))
    for windows in (1, 7):
        for scored in bundle.score(list(alike(100, windows))):
            assert scored.p > 0.2, scored
