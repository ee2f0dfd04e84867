"""The record of what each detector of a bundle came from (`train/record.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.base import Json, Takes
from models.bundle.featured import Featured
from models.bundle.made_up import made_up, told_apart
from models.bundle.memory import Memory, scores
from models.bundle.part import Part
from models.bundle.views import Windowed
from models.feature.windows import Window
from models.train.record import data_hash, record

MEASURE = "made_up_pr_auc"
"""How well it tells windows that it did not learn from strange ones made of them."""


def recorded(
    parts: Mapping[str, Part],
    texts: Sequence[str],
    memory: Memory | None,
    seen: Sequence[Window],
    code: str,
) -> dict[str, Part]:
    """The parts, each with the record of its first fit on the windows `seen`."""
    metrics = {} if memory is None else _measured(parts, texts, memory)
    hashes: dict[Takes, str] = {}
    found = {}
    for name, part in parts.items():
        data, form = part.data(seen), _form(part)
        if form not in hashes:
            hashes[form] = hash_of(part.asked, data)
        made = record(part.detector, data, code, metrics.get(name, {}), hashes[form])
        found[name] = replace(part, training=made)
    return found


def hash_of(asked: Windowed, data: Sequence[Any]) -> str:
    """The hash of what a detector learned: of windows, what features look at."""
    if isinstance(asked, Featured):
        data = [(window.events, window.times, window.signals) for window in data]
    return data_hash(data)


def _measured(
    parts: Mapping[str, Part], texts: Sequence[str], memory: Memory
) -> dict[str, dict[str, Json]]:
    strange, count = made_up(memory.windows), len(memory.windows)
    windows = [*memory.windows, *(window for _, window in strange)]
    folds = np.concatenate([memory.folds, memory.folds[[at for at, _ in strange]]])
    told = {
        name: scores(part.apart, texts, windows, folds, memory.scales)
        for name, part in parts.items()
    }
    return {name: {MEASURE: told_apart(s[:count], s[count:])} for name, s in told.items()}


def _form(part: Part) -> Takes:
    """Counts and texts are made of a window's events, features of the window."""
    takes = part.detector.takes
    if isinstance(part.asked, Featured):
        return takes
    return Takes.SESSIONS if takes in (Takes.VECTORS, Takes.TEXTS) else takes
