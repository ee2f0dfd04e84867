"""The loss of networks that guess tokens, with labels that may be less sure of themselves.

Szegedy et al.: Rethinking the Inception Architecture for Computer Vision (CVPR 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.errors import DataError
from models.prepare.balance import one_hot, smoothed
from models.train import heavy
from models.train.loop import Batch, Tensors

MOST = 0.5
"""The share that can be changed or smoothed: beyond it, what is learned is mostly made up."""


def shares(**told: float) -> None:
    """`DataError` for one of `told` that is no share from 0 to `MOST`."""
    for name, share in told.items():
        if not 0 <= share <= MOST:
            raise DataError(f"{name} is a share from 0 to {MOST}, not {share}")


def labels(classes: int, smoothing: float) -> Batch:
    """What a batch says of its labels: nothing where they are sure, else `labels`, (2,).

    These are what the right one of `classes` has above the others, and what each of them has.
    """
    if not smoothing:
        return {}
    right, other = smoothed(one_hot([0], classes), smoothing)[0, :2]
    return {"labels": np.array([right - other, other], np.float32)}


def surprise(logits: Any, batch: Tensors) -> tuple[Any, Any]:
    """The weighted surprise of `logits` (n, t, classes) at the targets (n, t), and the weights."""
    functional = heavy.torch().nn.functional
    flat, weighed = logits.flatten(0, 1), batch["weight"].flatten()
    told = functional.cross_entropy(flat, batch["targets"].flatten(), reduction="none")
    if "labels" in batch:
        above, each = batch["labels"]
        told = above * told - each * functional.log_softmax(flat, -1).sum(-1)
    return (told * weighed).sum(), weighed.sum()
