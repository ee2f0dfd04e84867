"""An autoencoder that has to make clean what comes in with noise."""

from __future__ import annotations

from typing import Any, ClassVar

from models.autoencoder.base import Autoencoder, Sizes, layer
from models.train.loop import Tensors


class Denoising(Autoencoder):
    """The mean squared error of each row when it is made again through a narrow layer.

    In training each column comes with noise (`noise`, in standard deviations), so that columns
    learn to stand in for one another rather than to be copied. `width` is that of the outer layers;
    the narrow one has a third of the columns. The score is in variances of training.
    """

    name: ClassVar[str] = "denoising-autoencoder"
    source: ClassVar[str] = (
        "Vincent et al.: Extracting and Composing Robust Features with Denoising Autoencoders "
        "(ICML 2008)"
    )
    parameters: ClassVar[tuple[str, ...]] = ("width", "noise", "epochs", "device", "seed")

    def __init__(
        self,
        width: int = 32,
        noise: float = 0.3,
        epochs: int = 200,
        device: str = "auto",
        seed: int = 0,
    ) -> None:
        super().__init__(width, epochs, device, seed)
        self.noise = noise

    def sizes(self, columns: int) -> Sizes:
        """Out, narrow, out."""
        narrow = max(columns // 3, 1)
        return {
            "in": (columns, self.width),
            "code": (self.width, narrow),
            "open": (narrow, self.width),
            "out": (self.width, columns),
        }

    def made(self, lib: Any, weights: Any, x: Any) -> tuple[Any, Any]:
        """Each row made again, and its code."""
        del lib  # arrays and tensors clip alike
        code = layer(weights, "code", layer(weights, "in", x).clip(min=0))
        return layer(weights, "out", layer(weights, "open", code).clip(min=0)), code

    def loss(self, lib: Any, weights: Tensors, batch: Tensors) -> tuple[Any, Any]:
        """The squared error of what is made of the noisy rows, to the clean ones."""
        again, _ = self.made(lib, weights, batch["x"] + self.noise * batch["noise"])
        errors = (again - batch["x"]).square().mean(-1)
        return errors.sum(), errors.new_tensor(len(errors))
