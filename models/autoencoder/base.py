"""What the autoencoders share: scaling, training, the error of each column, and its words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Arrays, Detector, Floats, Reason, State, Takes, matrix, some
from models.errors import DataError, ModelError, StoreError
from models.train import heavy
from models.train.loop import Batch, Progress, Recipe, Tensors, train

ROWS = 256
HELD_OUT = 0.1
LARGEST = 1e6
"""Standard deviations beyond which a value counts as that many: squares must stay finite."""

Sizes = dict[str, tuple[int, int]]


class Autoencoder(Detector[NDArray[Any]]):
    """A network that was trained to make its input again, column by column in standard scale."""

    takes: ClassVar[Takes] = Takes.VECTORS
    learns_with: ClassVar[tuple[str, ...]] = ("torch",)
    seeded: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]]
    """The names of the constructor's arguments."""

    def __init__(self, width: int, epochs: int, device: str, seed: int) -> None:
        self.width, self.epochs, self.device, self.seed = width, epochs, device, seed
        self._mean: Floats = np.zeros(0)
        self._scale: Floats = np.zeros(0)
        self._weights: Arrays = {}
        self._training: dict[str, Any] = {}

    @abstractmethod
    def sizes(self, columns: int) -> Sizes:
        """The matrices of the network. Each NAME has a row of biases beside it, NAME.bias."""

    @abstractmethod
    def made(self, lib: Any, weights: Any, x: Any) -> tuple[Any, Any]:
        """From `x` (n, d): what is made of it (n, d), and its code. `lib`: numpy or torch."""

    @abstractmethod
    def loss(self, lib: Any, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
        """From a batch of `x` and `noise` (n, d): the summed loss and the number of rows."""

    def penalty(self, code: Any) -> Floats:
        """What the code of each row adds to its score."""
        return np.zeros(len(code))

    def fit(self, data: Any, progress: Callable[[Progress], None] = lambda _: None) -> Self:
        """Learn to make the rows of `data` again; needs PyTorch."""
        some(data)
        rows = matrix(data)
        if not rows.shape[1]:
            raise DataError("the rows have no columns")
        self._mean, spread = rows.mean(axis=0), rows.std(axis=0)
        varies = spread > 1e-9
        # A column that never changed is measured in its own units.
        self._scale = np.where(varies, spread, 1.0)
        if not varies.any():  # nothing to learn but the row itself, which is made of nothing
            self._weights = {name: 0 * each for name, each in self._initial(len(spread)).items()}
            self._training = {"epochs": 0}
            return self
        x = self._scaled(rows).astype(np.float32)
        order = np.random.default_rng(self.seed).permutation(len(x))
        held = order[: max(round(len(x) * HELD_OUT), 1)]
        learned = order[len(held) :] if len(x) > 1 else order
        run = train(
            self._initial(x.shape[1]),
            partial(self.loss, heavy.torch()),
            partial(self._batches, x[learned]),
            self._batches(x[held], 0),
            Recipe(self.epochs, patience=20, rate=0.01, decay=1e-4, device=self.device),
            progress,
        )
        self._weights, self._training = run.weights, run.summary()
        return self

    def score(self, data: Any) -> Floats:
        """The mean squared error over the columns, in training's variances, and `penalty`."""
        x = self._scaled(matrix(data, self._columns))
        again, code = self.made(np, self._weights, x)
        return np.asarray(np.square(x - again).mean(axis=1) + self.penalty(code), dtype=np.float64)

    def explain(self, data: Any, at: int, most: int = 3) -> list[Reason]:
        """The columns that are made worst, and what would have gone with the others."""
        row = matrix(data, self._columns)[at : at + 1]
        x = self._scaled(row)
        again = self.made(np, self._weights, x)[0][0]
        errors = np.square(x[0] - again) / len(again)
        wanted = again * self._scale + self._mean
        return [
            Reason(
                f"column {column}",
                float(errors[column]),
                f"column {column} is {row[0, column]:.4g}; "
                f"{wanted[column]:.4g} would go with the others",
            )
            for column in np.argsort(-errors, kind="stable")[:most]
        ]

    def state(self) -> State:
        """The weights, and the scale of each column."""
        arrays = {**self._weights, "mean": self._mean, "scale": self._scale}
        told = {name: getattr(self, name) for name in self.parameters}
        return State(told, {"training": self._training}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        made._mean, made._scale = state.arrays["mean"], state.arrays["scale"]
        made._training = dict(state.facts["training"])
        weights = _with_biases(made.sizes(len(made._mean)))
        for name, size in (weights | dict.fromkeys(("mean", "scale"), made._mean.shape)).items():
            if state.arrays[name].shape != size or not np.isfinite(state.arrays[name]).all():
                raise StoreError(f"array {name!r} does not hold finite numbers of shape {size}")
        made._weights = {name: state.arrays[name] for name in weights}
        return made

    @property
    def _columns(self) -> int:
        if not self._weights:
            raise ModelError(f"{self.name} was not fitted yet")
        return len(self._mean)

    def _scaled(self, rows: Floats) -> Floats:
        return np.clip((rows - self._mean) / self._scale, -LARGEST, LARGEST)

    def _initial(self, columns: int) -> dict[str, NDArray[np.float32]]:
        rng = np.random.default_rng(self.seed)
        return {
            # Biases are rows, and begin at zero.
            name: rng.normal(0, size[0] ** -0.5 * (len(size) - 1), size).astype(np.float32)
            for name, size in _with_biases(self.sizes(columns)).items()
        }

    def _batches(self, x: NDArray[np.float32], epoch: int) -> list[Batch]:
        rng = np.random.default_rng([self.seed, epoch])
        noise = rng.normal(size=x.shape).astype(np.float32)
        order = rng.permutation(len(x))
        places = [order[at : at + ROWS] for at in range(0, len(x), ROWS)]
        return [{"x": x[each], "noise": noise[each]} for each in places]


def layer(weights: Any, name: str, x: Any) -> Any:
    """One affine layer."""
    return x @ weights[name] + weights[f"{name}.bias"]


def _with_biases(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    return {**sizes, **{f"{name}.bias": (size[1],) for name, size in sizes.items()}}
