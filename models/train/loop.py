"""The training loop of every network here: arrays in, arrays out.

A network is a mapping of names to arrays and a loss, a function of them and of a batch. PyTorch
takes the gradients; whatever is random (first weights, order, masks, noise) is drawn by the caller
from NumPy's generators and comes in as arrays. So one seed gives one result on one device (on a CPU
of any number of cores, where the network is small), and what is learned needs no PyTorch to be
kept, loaded or run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.train import heavy

Batch: TypeAlias = Mapping[str, NDArray[Any]]
Weights: TypeAlias = Mapping[str, NDArray[Any]]
Tensors: TypeAlias = Mapping[str, Any]
Loss: TypeAlias = Callable[[Tensors, Tensors], tuple[Any, Any]]
"""From weights and a batch, as tensors: the summed loss and the summed weight of its parts."""


@dataclass(frozen=True, slots=True)
class Progress:
    """After an epoch: its number from 1, how many there are at most, and the mean losses."""

    epoch: int
    epochs: int
    loss: float
    held_out: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. `patience`: epochs without a better held-out loss before it stops.

    The rate rises over the share `warm` of all steps and falls along a cosine. `decay` is AdamW's,
    on matrices only. Gradients are clipped to the norm `clip`. On a GPU, matrices are multiplied
    in bfloat16; `device` is "auto", "cpu" or "cuda".
    """

    epochs: int = 60
    patience: int = 8
    rate: float = 3e-3
    warm: float = 0.1
    decay: float = 0.01
    clip: float = 1.0
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Run:
    """What training gave: the best weights, and the mean losses (training, held out) by epoch."""

    weights: dict[str, NDArray[np.float32]]
    losses: tuple[tuple[float, float], ...]
    best: int
    device: str
    precision: str

    def summary(self) -> dict[str, Any]:
        """As JSON, for a manifest."""
        loss, held_out = self.losses[self.best - 1] if self.best else (None, None)
        return {
            "epochs": len(self.losses),
            "best_epoch": self.best,
            "loss": loss,
            "held_out_loss": held_out,
            "device": self.device,
            "precision": self.precision,
        }


def train(
    weights: Weights,
    loss: Loss,
    batches: Callable[[int], Sequence[Batch]],
    held_out: Sequence[Batch],
    recipe: Recipe,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Train from `weights` on `batches(epoch)`; keep those with the least loss on `held_out`."""
    with heavy.threads(_size(weights)):
        return _Training(weights, loss, recipe).run(batches, held_out, progress)


def mean_loss(
    weights: Weights, loss: Loss, batches: Iterable[Batch], device: str = "auto"
) -> float:
    """The mean loss of `weights` on `batches`, with nothing learned."""
    with heavy.threads(_size(weights)):
        return _Training(weights, loss, Recipe(device=device)).mean(batches)


class _Training:
    def __init__(self, weights: Weights, loss: Loss, recipe: Recipe) -> None:
        self.torch, self.loss, self.recipe = heavy.torch(), loss, recipe
        self.device = heavy.device(recipe.device)
        self.mixed = self.device.startswith("cuda")
        self.tensors = {
            name: self.torch.tensor(array, dtype=self.torch.float32, device=self.device)
            for name, array in weights.items()
        }
        for each in self.tensors.values():
            each.requires_grad_()

    def run(
        self,
        batches: Callable[[int], Sequence[Batch]],
        held_out: Sequence[Batch],
        progress: Callable[[Progress], None],
    ) -> Run:
        recipe, losses = self.recipe, list[tuple[float, float]]()
        best, least, weights = 0, math.inf, self._arrays()
        optimizer = self._optimizer()
        for epoch in range(1, recipe.epochs + 1):
            learned = self._epoch(optimizer, batches(epoch), epoch)
            losses.append((learned, self.mean(held_out)))
            if not math.isfinite(losses[-1][1]):
                raise DataError(f"training diverged in epoch {epoch}: the loss is not finite")
            if losses[-1][1] < least:
                best, least, weights = epoch, losses[-1][1], self._arrays()
            progress(Progress(epoch, recipe.epochs, *losses[-1]))
            if epoch - best >= recipe.patience:
                break
        precision = "bfloat16" if self.mixed else "float32"
        return Run(weights, tuple(losses), best, heavy.device_name(self.device), precision)

    def mean(self, batches: Iterable[Batch]) -> float:
        sums = self._sums()
        with self.torch.no_grad():
            for batch in batches:
                sums += self.torch.stack(self._lost(batch)).double()
        return _mean(sums)

    def _optimizer(self) -> Any:
        matrices = [each for each in self.tensors.values() if each.ndim > 1]
        others = [each for each in self.tensors.values() if each.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": self.recipe.decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return self.torch.optim.AdamW(
            groups, lr=self.recipe.rate, betas=(0.9, 0.98), fused=self.mixed or None
        )

    def _epoch(self, optimizer: Any, batches: Sequence[Batch], epoch: int) -> float:
        sums = self._sums()
        for at, batch in enumerate(batches):
            done = (epoch - 1 + at / len(batches)) / self.recipe.epochs
            for group in optimizer.param_groups:
                group["lr"] = self.recipe.rate * schedule(done, self.recipe.warm)
            lost, weighed = self._lost(batch)
            optimizer.zero_grad(set_to_none=True)
            (lost / weighed.clamp(min=1e-12)).backward()
            self.torch.nn.utils.clip_grad_norm_(list(self.tensors.values()), self.recipe.clip)
            optimizer.step()
            sums += self.torch.stack((lost, weighed)).detach().double()
        return _mean(sums)

    def _sums(self) -> Any:
        """Loss and weight so far, on the device, which need not be waited for in each step."""
        return self.torch.zeros(2, dtype=self.torch.float64, device=self.device)

    def _lost(self, batch: Batch) -> tuple[Any, Any]:
        given = {
            name: self.torch.as_tensor(array, device=self.device) for name, array in batch.items()
        }
        with self.torch.autocast(
            device_type=self.device.split(":")[0], dtype=self.torch.bfloat16, enabled=self.mixed
        ):
            return self.loss(self.tensors, given)

    def _arrays(self) -> dict[str, NDArray[np.float32]]:
        return {
            name: each.detach().float().cpu().numpy().copy() for name, each in self.tensors.items()
        }


def _size(weights: Weights) -> int:
    return sum(array.size for array in weights.values())


def _mean(sums: Any) -> float:
    total, weight = sums.tolist()
    return float(total / max(weight, 1e-12))


def schedule(done: float, warm: float) -> float:
    """The share of the full rate when the share `done` of all steps is done."""
    if done < warm:
        return max(done / warm, 0.02)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (done - warm) / max(1 - warm, 1e-9)))
