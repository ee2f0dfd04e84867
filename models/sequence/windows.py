"""Sessions cut into windows that fit a network, and batches of windows of like length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models.base import Floats
from models.sequence.vocabulary import END, Tokens

CELLS = 1 << 14
"""Tokens that are computed at a time: what they need should fit a processor's cache."""


class Window(NamedTuple):
    """Part of a sequence: its tokens, and how many at its front are context that was judged before.

    For a network that foretells the next token, the last of `tokens` is only ever a target.
    """

    tokens: Tokens
    old: int


def windows(tokens: Tokens, context: int, overlap: int, extra: int = 0) -> Iterator[Window]:
    """`tokens` in windows of at most `context` + `extra`; neighbours share `overlap` + `extra`."""
    step = context - overlap
    size = context + extra
    for start in range(0, max(len(tokens) - overlap - extra, 1), step):
        yield Window(tokens[start : start + size], overlap if start else 0)


def pieces(tokens: Tokens, targets: int) -> list[Tokens]:
    """`tokens` in pieces that foretell `targets` tokens at most, each of them in one piece."""
    return [each.tokens for each in windows(tokens, targets, 0, 1)]


def distinct(all_windows: Iterable[Tokens]) -> tuple[list[Tokens], Floats]:
    """Each different window once, in the order of first sight, and how often it came."""
    counts = Counter(each.tobytes() for each in all_windows)
    kept = [np.frombuffer(each, dtype=np.int64) for each in counts]
    return kept, np.array(list(counts.values()), dtype=np.float64)


def split(count: int, share: float, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Places to learn from and places held out; of a single one, both are that one."""
    order = [int(at) for at in rng.permutation(count)]
    held = min(max(round(count * share), 1), max(count - 1, 1))
    return order[held:] or order, order[:held]


def packed(lengths: Sequence[int], cells: int, order: Sequence[int]) -> list[list[int]]:
    """The places in `order` as batches of like length, none of more than `cells` when padded."""
    batches: list[list[int]] = []
    widest = 0
    for at in sorted(order, key=lambda at: lengths[at]):
        widest = max(lengths[at], 1)
        if not batches or widest * (len(batches[-1]) + 1) > cells:
            batches.append([])
        batches[-1].append(at)
    return batches


def equal(lengths: Sequence[int], cells: int) -> Iterator[list[int]]:
    """All places as batches of equal length, none of more than `cells` (but of one window)."""
    by_length: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        by_length.setdefault(length, []).append(at)
    for length, places in sorted(by_length.items()):
        size = max(cells // max(length, 1), 1)
        for start in range(0, len(places), size):
            yield places[start : start + size]


def padded(rows: Sequence[Tokens]) -> tuple[Tokens, Floats]:
    """`rows` as one array, padded with END, and 1.0 where it is no padding."""
    longest = max(len(row) for row in rows)
    tokens = np.full((len(rows), longest), END, dtype=np.int64)
    real = np.zeros((len(rows), longest))
    for at, row in enumerate(rows):
        tokens[at, : len(row)] = row
        real[at, : len(row)] = 1.0
    return tokens, real
