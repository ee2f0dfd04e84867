"""An autoencoder whose code is a distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from models.autoencoder.base import Autoencoder, Sizes, layer
from models.base import Floats
from models.train.loop import Tensors

SPREAD = 8.0
"""Bound on the logarithm of the code's variance, either way."""


class Variational(Autoencoder):
    """How badly a row is made again from the mean of its code, and how unlikely that code is.

    The code is a normal distribution, kept near the standard one by `beta` times its divergence.
    The score is the mean squared error over the columns plus that weighted divergence over the
    number of columns: the negative evidence bound with the code at its mean, hence deterministic.
    """

    name: ClassVar[str] = "variational-autoencoder"
    source: ClassVar[str] = (
        "Kingma, Welling: Auto-Encoding Variational Bayes (ICLR 2014); for anomalies An, Cho: "
        "Variational Autoencoder based Anomaly Detection using Reconstruction Probability (2015)"
    )
    parameters: ClassVar[tuple[str, ...]] = ("width", "beta", "epochs", "device", "seed")

    def __init__(
        self,
        width: int = 32,
        beta: float = 0.05,
        epochs: int = 200,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        super().__init__(width, epochs, device, seed)
        self.beta = beta

    def sizes(self, columns: int) -> Sizes:
        """Out, the mean and the logarithm of the variance of the code, out."""
        narrow = max(columns // 3, 1)
        return {
            "in": (columns, self.width),
            "centre": (self.width, narrow),
            "spread": (self.width, narrow),
            "open": (narrow, self.width),
            "out": (self.width, columns),
        }

    def made(self, lib: Any, weights: Any, x: Any) -> tuple[Any, Any]:
        """Each row made again from the mean of its code, and the divergence of that code."""
        centre, spread = self._code(weights, x)
        return self._opened(weights, centre), self._divergence(lib, centre, spread)

    def penalty(self, code: Any) -> Floats:
        """The weighted divergence over the number of columns."""
        return np.asarray(self.beta * code / len(self._mean), dtype=np.float64)

    def loss(self, lib: Any, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
        """The squared error from a code drawn with the batch's noise, and the divergence."""
        centre, spread = self._code(weights, batch["x"])
        noise = batch["noise"][:, : centre.shape[1]]
        again = self._opened(weights, centre + noise * lib.exp(0.5 * spread))
        errors = (again - batch["x"]).square().mean(-1)
        errors = errors + self.beta * self._divergence(lib, centre, spread) / again.shape[1]
        return errors.sum(), errors.new_tensor(len(errors))

    def _code(self, weights: Any, x: Any) -> tuple[Any, Any]:
        outer = layer(weights, "in", x).clip(min=0)
        return layer(weights, "centre", outer), layer(weights, "spread", outer).clip(
            -SPREAD, SPREAD
        )

    def _opened(self, weights: Any, code: Any) -> Any:
        return layer(weights, "out", layer(weights, "open", code).clip(min=0))

    def _divergence(self, lib: Any, centre: Any, spread: Any) -> Any:
        return 0.5 * (centre**2 + lib.exp(spread) - 1.0 - spread).sum(-1)
