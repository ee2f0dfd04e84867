"""BERT's encoder in NumPy: numbers of word pieces in, a vector for each piece out.

Devlin, Chang, Lee, Toutanova: BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding (2019). For inference only; names of weights are those of Hugging Face's `BertModel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.embed.encoder import Vectors
from models.errors import StoreError

EPSILON = 1e-12
"""What BERT adds to a variance before it divides by its root."""


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer normalisation."""

    weight: Vectors
    bias: Vectors

    def __call__(self, rows: Vectors) -> Vectors:
        """Each row at mean 0 and variance 1, then scaled and moved."""
        rows = rows - rows.mean(axis=-1, keepdims=True)
        variance = np.einsum("...i,...i->...", rows, rows)[..., None] / rows.shape[-1]
        rows *= 1.0 / np.sqrt(variance + np.float32(EPSILON))
        rows *= self.weight
        rows += self.bias
        return rows


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear map, its weight kept as (inputs, outputs)."""

    weight: Vectors
    bias: Vectors

    def __call__(self, rows: Vectors) -> Vectors:
        """Rows (n, inputs) to rows (n, outputs)."""
        out = rows @ self.weight
        out += self.bias
        return out


@dataclass(frozen=True, slots=True)
class Layer:
    """Self-attention and a feed-forward net, each added to its input and normalised."""

    mixed: Dense
    """Query, key and value in one."""
    joined: Dense
    attended: Norm
    wide: Dense
    narrow: Dense
    settled: Norm
    heads: int

    def __call__(self, rows: Vectors, count: int) -> Vectors:
        """Rows of `count` texts of equal length, one text after the other, shape (n, width)."""
        rows = self.attended(rows + self.joined(self._attend(rows, count)))
        return self.settled(rows + self.narrow(gelu(self.wide(rows))))

    def _attend(self, rows: Vectors, count: int) -> Vectors:
        width = rows.shape[1]
        parts = self.mixed(rows).reshape(count, -1, 3, self.heads, width // self.heads)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(-1, -2)
        scores *= np.float32((width // self.heads) ** -0.5)
        mixed = softmax(scores) @ value
        return np.ascontiguousarray(mixed.transpose(0, 2, 1, 3)).reshape(-1, width)


class Bert:
    """The encoder with its weights."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], heads: int) -> None:
        """`weights` as of a `BertModel`; `StoreError` if one is missing or has another shape."""
        take = _Taker(weights)
        self._words = take("embeddings.word_embeddings.weight")
        self.pieces, self.width = self._words.shape
        if heads < 1 or self.width % heads:
            raise StoreError(f"a width of {self.width} is not for {heads} heads")
        self._places = take("embeddings.position_embeddings.weight", None, self.width)
        self._kind = take("embeddings.token_type_embeddings.weight", None, self.width)[0]
        self._first = take.norm("embeddings.LayerNorm", self.width)
        self._layers: list[Layer] = []
        while f"encoder.layer.{len(self._layers)}.output.dense.weight" in weights:
            self._layers.append(take.layer(len(self._layers), self.width, heads))

    @property
    def longest(self) -> int:
        """The most pieces that a text may have."""
        return len(self._places)

    def __call__(self, numbers: NDArray[np.intp]) -> Vectors:
        """Numbers of texts of equal length (n, length) to vectors (n, length, width)."""
        count, length = numbers.shape
        rows = self._words[numbers] + (self._places[:length] + self._kind)
        rows = self._first(rows.reshape(-1, self.width))
        for layer in self._layers:
            rows = layer(rows, count)
        return rows.reshape(count, length, self.width)


class _Taker:
    """Takes weights by name and checks their shapes."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self._weights = weights

    def __call__(self, name: str, *shape: int | None) -> Vectors:
        found = self._weights.get(name)
        if found is None:
            raise StoreError(f"has no weight {name!r}")
        wanted = shape or (None, None)
        if len(found.shape) != len(wanted) or any(
            want is not None and want != have
            for want, have in zip(wanted, found.shape, strict=True)
        ):
            raise StoreError(f"{name!r} has the shape {found.shape}, not {wanted}")
        return np.ascontiguousarray(found, dtype=np.float32)

    def norm(self, name: str, width: int) -> Norm:
        return Norm(self(f"{name}.weight", width), self(f"{name}.bias", width))

    def dense(self, names: tuple[str, ...], inputs: int, outputs: int | None) -> Dense:
        weights = [self(f"{name}.weight", outputs, inputs) for name in names]
        biases = [
            self(f"{name}.bias", len(each)) for name, each in zip(names, weights, strict=True)
        ]
        return Dense(np.ascontiguousarray(np.vstack(weights).T), np.concatenate(biases))

    def layer(self, at: int, width: int, heads: int) -> Layer:
        name = f"encoder.layer.{at}"
        mixed = tuple(f"{name}.attention.self.{each}" for each in ("query", "key", "value"))
        wide = self.dense((f"{name}.intermediate.dense",), width, None)
        return Layer(
            mixed=self.dense(mixed, width, width),
            joined=self.dense((f"{name}.attention.output.dense",), width, width),
            attended=self.norm(f"{name}.attention.output.LayerNorm", width),
            wide=wide,
            narrow=self.dense((f"{name}.output.dense",), len(wide.bias), width),
            settled=self.norm(f"{name}.output.LayerNorm", width),
            heads=heads,
        )


def softmax(scores: Vectors) -> Vectors:
    """`scores` as shares along the last axis; changes them in place."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def gelu(rows: Vectors) -> Vectors:
    """x Φ(x) with the error function of Abramowitz and Stegun 7.1.26, right to 2e-7."""
    size = np.abs(rows)
    t = 1.0 / (1.0 + np.float32(0.3275911 * 0.5**0.5) * size)
    sum_ = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        sum_ *= t
        sum_ += np.float32(factor)
    sum_ *= t
    size *= size
    size *= np.float32(-0.5)
    np.exp(size, out=size)
    sum_ *= size  # what the error function lacks of 1
    sum_ *= np.float32(0.5)
    return rows * np.where(rows < 0, sum_, 1.0 - sum_)
