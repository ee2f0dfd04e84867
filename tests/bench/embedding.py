"""Time the encoders, clustering, and what a template that is known costs.

    python -m tests.bench.embedding                 made-up templates
    python -m tests.bench.embedding --texts FILE    a template a line

Figures are of CPU seconds on one thread, and of the whole way from texts. int8 is torch's own
dynamic quantisation per channel, which needs no export; bfloat16 is what the GPU would use.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse  # noqa: E402  after the number of threads, which NumPy reads as it is loaded
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from models.bundle.views import windowed  # noqa: E402
from models.cluster.hdbscan import Hdbscan  # noqa: E402
from models.cluster.texts import EmbeddingHdbscan  # noqa: E402
from models.embed import minilm  # noqa: E402
from models.embed.encoder import Vectors  # noqa: E402
from models.embed.hashing import Hashing  # noqa: E402
from models.embed.sentence import Sentence  # noqa: E402
from tests.bench.loading import machine  # noqa: E402

KNOWN = 5e-6
"""Seconds that a known line may cost from its template's number to its part of a score."""
LINES = 20
"""Lines of a window."""

WORDS = (
    "session",
    "user",
    "host",
    "opened",
    "closed",
    "failed",
    "password",
    "port",
    "disk",
    "cron",
)


def made_up(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [
        " ".join(WORDS[at] for at in rng.integers(0, len(WORDS), rng.integers(4, 16)))
        + f" <*> {number}"
        for number in range(count)
    ]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    return work(), time.process_time() - started


def encoders(texts: list[str]) -> None:
    import torch

    torch.set_num_threads(1)
    folder = minilm.folder()
    plain, small, eight = (Sentence(folder, "cpu") for _ in range(3))
    small._model.to(torch.bfloat16)
    eight_bits = {torch.nn.Linear: torch.ao.quantization.per_channel_dynamic_qconfig}
    torch.ao.quantization.quantize_dynamic(eight._model, eight_bits, inplace=True)
    full: Vectors | None = None
    for name, encoder in {
        "torch, float32": plain,
        "NumPy, float32": minilm.load(folder),
        "torch, int8": eight,
        "torch, bfloat16": small,
        "hashed n-grams": Hashing(),
    }.items():
        encoder.encode(texts[:8])
        vectors, seconds = timed(lambda encoder=encoder: encoder.encode(texts))
        full = vectors if full is None else full
        cosine = (
            "" if name.startswith("hashed") else f"cosine ≥ {(full * vectors).sum(1).min():.6f}"
        )
        print(f"  {name:<16} {len(texts) / seconds:>9,.0f} texts/CPU-s   {cosine}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.embedding", description=__doc__)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--points", type=int, default=50_000)
    options = parser.parse_args()
    texts = options.texts.read_text().splitlines() if options.texts else made_up(options.count)
    print(machine())
    encoders(texts[: options.count])
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(200, 6))[rng.integers(0, 200, options.points)]
    points = centres + rng.normal(0, 0.1, centres.shape)
    _, seconds = timed(lambda: Hdbscan().fit(points))
    print(f"  HDBSCAN of {options.points:,} points in 6 columns: {seconds:.1f} CPU-s")
    some = texts[:100]
    asked = windowed(EmbeddingHdbscan("minilm"), some)
    asked.fit([tuple(range(1, len(some) + 1))] * 2)
    numbers = rng.integers(0, len(some) + 1, (50_000, LINES))
    sessions = [tuple(row) for row in numbers.tolist()]
    asked.score(sessions[:1])
    _, seconds = timed(lambda: asked.score(sessions))
    one = seconds / numbers.size
    print(f"  a line of a known template, in windows of {LINES}: {one * 1e6:.2f} µs")
    return int(one > KNOWN)


if __name__ == "__main__":
    sys.exit(main())
