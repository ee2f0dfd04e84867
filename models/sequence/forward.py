"""A small transformer in NumPy: embeddings in, hidden states out. `network.py` is its twin.

Pre-norm blocks (RMSNorm, attention, a layer of ReLUs), as in GPT-2 and minGPT but without biases.
ReLU rather than GELU: NumPy has no quick GELU. To what a token is and where it stands, an embedding
of how often it came before is added, up to a bound: whether a session is complete is a matter of
counts, which attention alone learns slowly.

Weights, by name (d wide, h heads, c positions, m counts, v tokens):
    token (v, d)  place (c, d)  count (m, d)
    I.norm (d)  I.qkv (d, 3d)  I.out (d, d)  I.norm2 (d)  I.up (d, 4d)  I.down (4d, d)
    norm (d)  head (d, v)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.base import Arrays
from models.errors import DataError

Array = NDArray[np.float32]
Ints = NDArray[np.int64]

EPSILON = 1e-5
LARGEST = 1 << 20
"""What any size in a shape may be at most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network, and whether a position sees only those before it."""

    tokens: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    context: int = 128
    counts: int = 32
    causal: bool = True

    def __post_init__(self) -> None:
        sizes = (self.tokens, self.width, self.layers, self.heads, self.context, self.counts)
        if not all(type(each) is int and 1 <= each <= LARGEST for each in sizes):
            raise DataError(f"no network can have the shape {self}")
        if self.width % self.heads or self.layers > 64 or self.context < 8:
            raise DataError(f"no network can have the shape {self}: too deep, too short, or uneven")


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The size of every array of weights."""
    d = shape.width
    found: dict[str, tuple[int, ...]] = {
        "token": (shape.tokens, d),
        "place": (shape.context, d),
        "count": (shape.counts, d),
    }
    for layer in range(shape.layers):
        found |= {
            f"{layer}.norm": (d,),
            f"{layer}.qkv": (d, 3 * d),
            f"{layer}.out": (d, d),
            f"{layer}.norm2": (d,),
            f"{layer}.up": (d, 4 * d),
            f"{layer}.down": (4 * d, d),
        }
    return found | {"norm": (d,), "head": (d, shape.tokens)}


def initial(shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
    """First weights. Places and counts begin at zero: those training never sees say nothing."""
    spread = {"qkv": shape.width**-0.5, "up": shape.width**-0.5, "token": 0.02, "head": 0.02}
    spread |= dict.fromkeys(("out", "down"), 0.1 / (2 * shape.layers) ** 0.5)
    made: dict[str, Array] = {}
    for name, size in sizes(shape).items():
        kind = name.rpartition(".")[2]
        if kind in spread:
            made[name] = rng.normal(0, spread[kind], size).astype(np.float32)
        else:
            made[name] = np.full(size, float(kind.startswith("norm")), np.float32)
    return made


def hidden(
    weights: Arrays, shape: Shape, tokens: Ints, attention: list[Array] | None = None
) -> Array:
    """Hidden states (n, t, d) of `tokens` (n, t), all of equal length t ≤ context.

    What each layer attends to, (n, h, t, t), is appended to `attention` if that is given.
    """
    length = tokens.shape[1]
    x = embedded(weights, shape, tokens)
    bias = np.triu(np.full((length, length), -1e9, np.float32), 1) if shape.causal else None
    for layer in range(shape.layers):
        x += _attend(
            weights, shape, f"{layer}.", _norm(x, weights[f"{layer}.norm"]), bias, attention
        )
        up = _norm(x, weights[f"{layer}.norm2"]) @ weights[f"{layer}.up"]
        x += np.maximum(up, 0, out=up) @ weights[f"{layer}.down"]
    return _norm(x, weights["norm"])


def embedded(weights: Arrays, shape: Shape, tokens: Ints) -> Array:
    """What goes into the first layer: token, place and count, (n, t, d)."""
    counts = occurrences(tokens, shape.counts)
    where = weights["place"][: tokens.shape[1]]
    return np.asarray(weights["token"][tokens] + where + weights["count"][counts])


def occurrences(tokens: Ints, most: int) -> Ints:
    """How often each token came before it in its row, at most `most` - 1."""
    order = np.argsort(tokens, axis=1, kind="stable")
    sorted_ = np.take_along_axis(tokens, order, axis=1)
    place = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
    first = np.ones(tokens.shape, dtype=bool)
    first[:, 1:] = sorted_[:, 1:] != sorted_[:, :-1]
    begun = np.maximum.accumulate(np.where(first, place, 0), axis=1)
    counts = np.empty_like(tokens)
    np.put_along_axis(counts, order, place - begun, axis=1)
    return np.minimum(counts, most - 1)


def log_softmax(logits: Array) -> Array:
    """Logarithms of the probabilities along the last axis."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))


def _norm(x: Array, gain: Array) -> Array:
    size = np.sqrt(np.einsum("...d,...d->...", x, x)[..., None] / x.shape[-1] + EPSILON)
    return np.asarray(x / size * gain)


def _attend(
    weights: Arrays, shape: Shape, prefix: str, x: Array, bias: Array | None,
    attention: list[Array] | None,
) -> Array:  # fmt: skip
    count, length, width = x.shape
    split = (x @ weights[f"{prefix}qkv"]).reshape(count, length, 3, shape.heads, -1)
    q, k, v = split.transpose(2, 0, 3, 1, 4)
    scores = (q @ k.transpose(0, 1, 3, 2)) * np.float32((width // shape.heads) ** -0.5)
    if bias is not None:
        scores += bias
    scores -= scores.max(axis=-1, keepdims=True)
    shares = np.exp(scores, out=scores)
    shares /= shares.sum(axis=-1, keepdims=True)
    if attention is not None:
        attention.append(shares)
    mixed = (shares @ v).transpose(0, 2, 1, 3).reshape(count, length, width)
    return np.asarray(mixed @ weights[f"{prefix}out"])
