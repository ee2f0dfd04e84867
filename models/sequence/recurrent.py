"""A long short-term memory: events in, what it foretells out; in NumPy, and its twin in PyTorch.

    gates = token · in + state · over + bias         input, forget, cell and output gate, in turn
    cell = s(forget) · cell + s(input) · tanh(new),  state = s(output) · tanh(cell)

s is the logistic function.

Weights, by name (d wide, h states, v tokens; layer I from 0, of which the first takes d, others h):
    token (v, d)  I.in (4h, d or h)  I.over (4h, h)  I.bias (4h)  head (h, v)  offset (v)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.base import Arrays
from models.errors import DataError
from models.sequence.forward import LARGEST, Array, Ints, log_softmax
from models.train import heavy
from models.train.loop import Tensors


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network."""

    tokens: int
    width: int = 64
    states: int = 128
    layers: int = 1

    def __post_init__(self) -> None:
        sizes = (self.tokens, self.width, self.states, self.layers)
        if not all(type(each) is int and 1 <= each <= LARGEST for each in sizes):
            raise DataError(f"no network can have the shape {self}")
        if self.layers > 64:
            raise DataError(f"no network can have the shape {self}: too deep")


def sizes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The size of every array of weights."""
    gates = 4 * shape.states
    found: dict[str, tuple[int, ...]] = {"token": (shape.tokens, shape.width)}
    for layer in range(shape.layers):
        found |= {
            f"{layer}.in": (gates, shape.states if layer else shape.width),
            f"{layer}.over": (gates, shape.states),
            f"{layer}.bias": (gates,),
        }
    return found | {"head": (shape.states, shape.tokens), "offset": (shape.tokens,)}


def initial(shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
    """First weights. Forget gates begin open (Jozefowicz et al. 2015): memory comes first."""
    bound = shape.states**-0.5
    made: dict[str, Array] = {}
    for name, size in sizes(shape).items():
        kind = name.rpartition(".")[2]
        if kind in ("in", "over"):
            made[name] = rng.uniform(-bound, bound, size).astype(np.float32)
        elif kind in ("token", "head"):
            spread = 0.1 if kind == "token" else 0.02
            made[name] = rng.normal(0, spread, size).astype(np.float32)
        else:
            made[name] = np.zeros(size, np.float32)
            if kind == "bias":
                made[name][shape.states : 2 * shape.states] = 1.0
    return made


@dataclass(slots=True)
class Memory:
    """What the network remembers of a row, (layers, 1, states) each."""

    state: Array
    cell: Array

    @classmethod
    def of(cls, weights: Arrays, shape: Shape, row: Ints) -> Memory:
        """That after `row`."""
        size = (shape.layers, 1, shape.states)
        made = cls(np.zeros(size, np.float32), np.zeros(size, np.float32))
        for _ in chances(weights, shape, [row], made):
            pass
        return made


def chances(
    weights: Arrays, shape: Shape, rows: Sequence[Ints], memory: Memory | None = None
) -> Iterator[tuple[int, Array]]:
    """Step by step how likely each token is to come next, of `rows` from the longest to the last.

    Yields how many rows have the step, the first of `rows`, and the logarithms (that many, v). With
    `memory`, all rows go on after what that remembers; of a single row it then is what comes of it.
    """
    lengths = [len(row) for row in rows]
    if sorted(lengths, reverse=True) != lengths:
        raise ValueError("rows come from the longest to the shortest")
    steps = np.zeros((max(lengths, default=0), len(rows)), dtype=np.int64)
    for at, row in enumerate(rows):
        steps[: len(row), at] = row
    # What a token does to the first layer's gates is the same wherever it stands.
    given = weights["token"] @ weights["0.in"].T + weights["0.bias"]
    state = np.zeros((shape.layers, len(rows), shape.states), np.float32)
    cell = np.zeros_like(state)
    if memory is not None:
        state[:], cell[:] = memory.state, memory.cell
    live = len(rows)
    for step, tokens in enumerate(steps):
        while lengths[live - 1] <= step:
            live -= 1
        state, cell = state[:, :live], cell[:, :live]
        gates = given[tokens[:live]]
        for layer in range(shape.layers):
            if layer:
                gates = state[layer - 1] @ weights[f"{layer}.in"].T + weights[f"{layer}.bias"]
            gates += state[layer] @ weights[f"{layer}.over"].T
            _pass(gates, state[layer], cell[layer])
        yield live, log_softmax(state[-1] @ weights["head"] + weights["offset"])
    if memory is not None and len(rows) == 1:
        memory.state, memory.cell = state, cell


def _pass(gates: Array, state: Array, cell: Array) -> None:
    """Move `state` and `cell` (n, h) on by `gates` (n, 4h), in place."""
    size = state.shape[1]
    # s(x) is (1 + tanh(x/2)) / 2, which never overflows.
    gates[:, : 2 * size] *= 0.5
    gates[:, 3 * size :] *= 0.5
    told = np.tanh(gates, out=gates)
    enters, stays, new, leaves = (told[:, at * size : (at + 1) * size] for at in range(4))
    for gate in (enters, stays, leaves):
        gate += 1.0
        gate *= 0.5
    cell *= stays
    cell += enters * new
    np.multiply(leaves, np.tanh(cell), out=state)


def hidden(weights: Tensors, shape: Shape, x: Any) -> Any:
    """In PyTorch: the states (n, t, h) of the last layer after each of the embeddings (n, t, d)."""
    torch = heavy.torch()
    start = torch.zeros(shape.layers, x.shape[0], shape.states, device=x.device, dtype=x.dtype)
    flat = []
    for layer in range(shape.layers):
        bias = weights[f"{layer}.bias"]
        flat += [weights[f"{layer}.in"], weights[f"{layer}.over"], bias, torch.zeros_like(bias)]
    return torch.lstm(x, (start, start), flat, True, shape.layers, 0.0, False, False, True)[0]
