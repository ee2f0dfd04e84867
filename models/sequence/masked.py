"""Guessing what is hidden from both sides: what LogBERT and the language model share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.base import Floats
from models.sequence import forward, network
from models.sequence.forward import Shape
from models.sequence.lessons import Generator
from models.sequence.stored import Trained
from models.sequence.vocabulary import MASK, SPECIAL, UNKNOWN, Tokens
from models.sequence.windows import CELLS, equal
from models.train.labels import surprise
from models.train.loop import Batch, Tensors

Places: TypeAlias = NDArray[np.intp]

MASKED, OTHER, SAME = 0.8, 0.1, 0.1
"""Of what is to be guessed: the shares that are hidden, replaced by another token, left."""


def batch(
    shape: Shape, share: float, sure: Batch, tokens: Tokens, weight: Floats, rng: Generator
) -> dict[str, Any]:
    """A batch with the share `share` of its tokens to be guessed, drawn anew at every call.

    The first token of each row is never one of them, nor is padding (weight 0). Replacing some by
    others, and leaving some, is BERT's: else only hidden places would be worth a good state.
    `sure` is what `labels` says of the targets.
    """
    guessed = (rng.random(tokens.shape) < share) & (weight > 0)
    guessed[:, 0] = False
    # Each row has one at least: short ones would mostly teach nothing.
    longest = np.maximum((weight > 0).sum(axis=1) - 1, 1)
    one = 1 + (rng.random(len(tokens)) * longest).astype(np.int64)
    guessed[np.arange(len(tokens)), np.minimum(one, tokens.shape[1] - 1)] = True
    guessed &= weight > 0
    how = rng.random(tokens.shape)
    given = np.where(guessed & (how < MASKED), MASK, tokens)
    other = rng.integers(min(SPECIAL, shape.tokens - 1), shape.tokens, tokens.shape)
    given = np.where(guessed & (how >= MASKED) & (how < MASKED + OTHER), other, given)
    return {
        "tokens": given,
        "counts": forward.occurrences(given, shape.counts),
        "targets": tokens,
        "seen": weight > 0,
        "weight": (weight * guessed).astype(np.float32),
        **sure,
    }


def loss(shape: Shape, weights: Tensors, given: Batch | Tensors) -> tuple[Any, Any, Any]:
    """The weighted surprise at what is to be guessed, its weights, and the hidden states."""
    states = network.hidden(weights, shape, given["tokens"], given["counts"], given["seen"])
    logits = (states @ weights["head"]).float()
    return (*surprise(logits, given), states)


def chances(net: Trained, tokens: Tokens, where: Places) -> forward.Array:
    """Logarithms of the probabilities of every token at the places `where` (k), (n, k, v)."""
    states = forward.hidden(net.weights, net.shape, tokens)[:, where]
    return forward.log_softmax(states @ net.weights["head"])


def surprises(net: Trained, rows: Sequence[Tokens], groups: int, unknown: float) -> list[Floats]:
    """Of each row the surprise at every token but the first and the last, (length - 2,), in nats.

    Each is hidden once, together with every `groups`-th of its row, so that a row of any length
    takes at most `groups` passes. UNKNOWN tokens have the surprise `unknown`.
    """
    found: list[Floats] = [np.zeros(max(len(row) - 2, 0)) for row in rows]
    for places in equal([len(row) for row in rows], max(CELLS // groups, 1)):
        tokens = np.stack([rows[at] for at in places])
        inner = tokens.shape[1] - 2
        for group in range(min(groups, inner)):
            hidden = tokens.copy()
            where = np.arange(1 + group, 1 + inner, groups)
            hidden[:, where] = MASK
            told = chances(net, hidden, where)
            came = tokens[:, where]
            lost = -np.take_along_axis(told, came[..., None], axis=2)[..., 0].astype(np.float64)
            lost[came == UNKNOWN] = unknown
            for at, each in zip(places, lost, strict=True):
                found[at][where - 1] = each
    return found


def guesses(net: Trained, tokens: Tokens, at: int) -> Floats:
    """The probability of every token at the place `at` of one row, that place hidden."""
    hidden = tokens.copy()
    hidden[at] = MASK
    told = chances(net, hidden[None], np.array([at]))
    return np.asarray(np.exp(told[0, 0].astype(np.float64)))
