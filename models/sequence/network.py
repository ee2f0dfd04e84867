"""The twin of `forward.py` in PyTorch, to take gradients of: same weights, same hidden states."""

from __future__ import annotations

from typing import Any

from models.sequence.forward import EPSILON, Shape
from models.train import heavy
from models.train.loop import Tensors

Tensor = Any


def hidden(
    weights: Tensors, shape: Shape, tokens: Tensor, counts: Tensor, seen: Tensor | None = None
) -> Tensor:
    """Hidden states (n, t, d) of `tokens` (n, t) with their `counts` (`forward.occurrences`).

    `seen` (n, t), bool, says which positions others may attend to; padding is none.
    """
    return blocks(weights, shape, embedded(weights, tokens, counts), seen)


def embedded(weights: Tensors, tokens: Tensor, counts: Tensor) -> Tensor:
    """What goes into the first layer, (n, t, d)."""
    where = weights["place"][: tokens.shape[1]]
    return weights["token"][tokens] + where + weights["count"][counts]


def blocks(weights: Tensors, shape: Shape, x: Tensor, seen: Tensor | None = None) -> Tensor:
    """The hidden states that the layers make of the embeddings `x`."""
    for layer in range(shape.layers):
        x = x + _attend(weights, shape, f"{layer}.", _norm(x, weights[f"{layer}.norm"]), seen)
        up = _norm(x, weights[f"{layer}.norm2"]) @ weights[f"{layer}.up"]
        x = x + up.relu() @ weights[f"{layer}.down"]
    return _norm(x, weights["norm"])


def _norm(x: Tensor, gain: Tensor) -> Tensor:
    return x * (x.float().square().mean(-1, keepdim=True) + EPSILON).rsqrt() * gain


def _attend(weights: Tensors, shape: Shape, prefix: str, x: Tensor, seen: Tensor | None) -> Tensor:
    count, length, width = x.shape
    split = (x @ weights[f"{prefix}qkv"]).reshape(count, length, 3, shape.heads, -1)
    q, k, v = split.permute(2, 0, 3, 1, 4)
    mixed = heavy.torch().nn.functional.scaled_dot_product_attention(
        q, k, v, attn_mask=None if seen is None else seen[:, None, None, :], is_causal=shape.causal
    )
    return mixed.transpose(1, 2).reshape(count, length, width) @ weights[f"{prefix}out"]
