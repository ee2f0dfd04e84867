"""Pairs of lines that mean the same, made from a site's own logs without labels."""

from __future__ import annotations

import re

import numpy as np

from models.base import Texts

_VALUE = re.compile(
    r"<\*>|\b(?:\d{1,3}\.){3}\d{1,3}\b|\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}\b|\b\d+\b", re.IGNORECASE
)
"""What is a parameter of a message and not its meaning."""


def skeleton(text: str) -> str:
    """`text` with each parameter as `<*>`: lines of one template share it."""
    return _VALUE.sub("<*>", text)


def pairs(texts: Texts, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """`count` pairs: a line and another of its skeleton, else the line with other parameters.

    A text without parameters is paired with itself: what differs then is the encoder's dropout
    (Gao, Yao, Chen: SimCSE, 2021). Skeletons are drawn evenly, whatever their share of the lines.
    """
    groups: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        groups.setdefault(skeleton(text), []).append(text)
    keys = list(groups)
    drawn: list[str] = []
    while len(drawn) < count:
        # Each skeleton once before any a second time: a batch holds no line twice that way.
        drawn += [keys[at] for at in rng.permutation(len(keys)).tolist()]
    return [_pair(groups[key], rng) for key in drawn[:count]]


def _pair(group: list[str], rng: np.random.Generator) -> tuple[str, str]:
    first = group[rng.integers(len(group))]
    second = group[rng.integers(len(group))]
    return first, second if second != first else _VALUE.sub(lambda _: _other(rng), first)


def _other(rng: np.random.Generator) -> str:
    kind = rng.integers(4)
    if kind == 0:
        return ".".join(str(each) for each in rng.integers(1, 255, 4))
    if kind == 1:
        return f"0x{rng.integers(1 << 32):x}"
    return str(rng.integers(10 ** int(rng.integers(1, 6)))) if kind == 2 else "<*>"
