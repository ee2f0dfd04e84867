"""An autoencoder with many units of which few may answer at a time."""

from __future__ import annotations

from typing import Any, ClassVar

from models.autoencoder.base import Autoencoder, Sizes, layer
from models.train.loop import Tensors


class Sparse(Autoencoder):
    """The mean squared error of each row when it is made again by units that rarely answer.

    One layer of twice as many sigmoid units as columns, at least `width`; each is to answer with
    `rate` on average, and `weight` times the divergence from that is added to the loss. Sigmoids
    end at 1: what lies far outside of training cannot be made again. The score is in variances of
    training.
    """

    name: ClassVar[str] = "sparse-autoencoder"
    source: ClassVar[str] = "Ng: Sparse Autoencoder, CS294A lecture notes (2011)"
    parameters: ClassVar[tuple[str, ...]] = ("width", "rate", "weight", "epochs", "device", "seed")

    def __init__(
        self,
        width: int = 32,
        rate: float = 0.1,
        weight: float = 0.01,
        epochs: int = 200,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        super().__init__(width, epochs, device, seed)
        self.rate, self.weight = rate, weight

    def sizes(self, columns: int) -> Sizes:
        """Wide, and back."""
        wide = max(2 * columns, self.width)
        return {"code": (columns, wide), "out": (wide, columns)}

    def made(self, lib: Any, weights: Any, x: Any) -> tuple[Any, Any]:
        """Each row made again, and its code."""
        code = 1 / (1 + lib.exp(-layer(weights, "code", x).clip(-30, 30)))
        return layer(weights, "out", code), code

    def loss(self, lib: Any, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
        """The squared error, and the divergence of the units' mean answers from `rate`."""
        again, code = self.made(lib, weights, batch["x"])
        errors = (again - batch["x"]).square().mean(-1)
        mean = code.mean(0).clip(1e-4, 1 - 1e-4)
        far = self.rate * lib.log(self.rate / mean)
        far = far + (1 - self.rate) * lib.log((1 - self.rate) / (1 - mean))
        return errors.sum() + self.weight * len(errors) * far.sum(), errors.new_tensor(len(errors))
