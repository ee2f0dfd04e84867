"""Drift of templates: how often each occurs, and how many are new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN
from models.drift.drift import Drift
from models.drift.reference import Places, permuted
from models.drift.scores import index
from models.errors import DataError

Events = NDArray[np.int64]
"""Numbers of templates, one for each line in the order of time."""


def frequencies(
    then: Events, now: Events, times: int = 199, block: int = 50, seed: int = 0
) -> Drift:
    """The population stability index of how often each template occurs.

    Lines come in bursts: `block` neighbours are shuffled together.
    """
    _some(then, now)
    known, labels = np.unique(np.concatenate([then, now]), return_inverse=True)
    size = len(known)

    def apart(one: Places, two: Places) -> float:
        counts = [np.bincount(labels[each], minlength=size) for each in (one, two)]
        return index(counts[0], counts[1])

    found = permuted(apart, len(then), len(now), times, block, seed)
    shares = [np.bincount(each, minlength=size) / len(each)
              for each in (labels[: len(then)], labels[len(then) :])]  # fmt: skip
    most = int(np.abs(shares[1] - shares[0]).argmax())
    detail = (
        f"template {known[most]} was {shares[0][most]:.1%} of lines and is {shares[1][most]:.1%}"
    )
    return Drift("frequency of templates", *found, detail)


def unseen(then: Events, now: Events, times: int = 199, block: int = 50, seed: int = 0) -> Drift:
    """The share of lines now whose template `then` never had; `UNKNOWN` is one of these.

    A new template is seldom alone, and the future of a healthy source has some: p comes of windows
    as long as `now` cut at random from `then` and held against what is left of it, `block` lines
    on either side left out. Where `then` is too short for that, the whole of it is used.
    """
    _some(then, now)
    value = _share(then, now)
    rng, size = np.random.default_rng(seed), min(len(now), max(1, len(then) // 2))
    far = 0
    for _ in range(times):
        start = int(rng.integers(len(then) - size + 1))
        left = np.concatenate([then[: max(0, start - block)], then[start + size + block :]])
        far += _share(left, then[start : start + size]) >= value - 1e-12
    new = np.setdiff1d(now, then)
    detail = f"{len(new)} new templates" + (f", {_named(new)}" if len(new) else "")
    return Drift("share of unseen templates", value, (1 + far) / (times + 1), detail)


def _share(then: Events, now: Events) -> float:
    return float(((now == UNKNOWN) | ~np.isin(now, then)).mean())


def _named(new: Events, most: int = 5) -> str:
    shown = ", ".join(str(each) for each in new[:most])
    return shown + (", …" if len(new) > most else "")


def _some(then: Events, now: Events) -> None:
    if not min(len(then), len(now)):
        raise DataError("drift needs something from then and something from now")
