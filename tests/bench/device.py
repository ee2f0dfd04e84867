"""What the embedding and training paths do on a device, beside what it could do.

    python -m tests.bench.device                    on the GPU if there is one, else on the CPU
    python -m tests.bench.device --texts FILE       a template a line; else made-up ones
    python -m tests.bench.device --encoder FOLDER   another MiniLM than the installed package's
    python -m tests.bench.device --budget TOKENS    that training may see, wherever it runs

Prints the device's name; how fast it multiplies large matrices and copies memory, both measured
here; texts embedded a second, from texts and from word pieces, and what share of that limit the
latter is; what training costs there and on the CPU, and the losses on held-out data, which should
be alike. Times are of the wall clock, for the CPU only waits while a GPU works.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from models.base import Detector, Sessions
from models.embed import minilm
from models.embed.sentence import BATCH, Sentence
from models.embed.tune import Tuning, tune
from models.sequence.gpt import Gpt
from models.sequence.logbert import LogBert
from models.sequence.masked_language_model import MaskedLanguageModel
from models.train import heavy
from tests.bench.embedding import made_up
from tests.bench.loading import machine
from tests.bench.sequences import made

SIDE = {"cuda": 8192, "cpu": 1024}
"""Rows and columns of the matrices multiplied."""
COPIED = {"cuda": 2**31, "cpu": 2**27}
"""Bytes copied."""
TEXTS = {"cuda": 100_000, "cpu": 500}


def timed(work: Callable[[], Any], device: str, times: int = 1) -> float:
    """Seconds that `work` takes, the best of so many times."""
    torch, best = heavy.torch(), float("inf")
    for _ in range(times):
        started = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return best


def limits(device: str) -> float:
    """Print what the device can do; its operations a second in a product of large matrices."""
    torch = heavy.torch()
    kind = torch.bfloat16 if device == "cuda" else torch.float32
    side, count = SIDE[device], COPIED[device]
    a, b = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    rate = 2 * side**3 / timed(lambda: a @ b, device, 10)
    source = torch.zeros(count, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    moved = 2 * count / timed(lambda: target.copy_(source), device, 10)
    print(f"  product of {side:,} x {side:,}, {kind}: {rate / 1e12:,.2f} TFLOP/s")
    print(f"  copying {count / 2**20:,.0f} MiB: {moved / 1e9:,.0f} GB/s read and written")
    return rate


def embedding(folder: Path, texts: list[str], device: str, limit: float) -> None:
    """Print texts a second, and how the vectors compare with the light encoder's."""
    encoder = Sentence(folder, device)
    encoder.encode(texts[: BATCH[device]])
    seconds = timed(lambda: encoder.encode(texts), device)
    print(f"  embedding {len(texts):,} texts: {len(texts) / seconds:,.0f} texts/s from texts")
    torch, batch = heavy.torch(), BATCH[device]
    middle = sorted(texts, key=len)[(len(texts) - batch) // 2 :][:batch]
    prepare = getattr(encoder._model, "preprocess", None) or encoder._model.tokenize
    given = {name: each.to(device) for name, each in prepare(middle).items() if hasattr(each, "to")}
    pieces = given["attention_mask"].shape
    with torch.no_grad():
        network = encoder._model[0].auto_model
        each = timed(lambda: network(**given), device, 20)
    work = operations(network.config, *pieces)
    print(
        f"  the network alone, {pieces[0]:,} texts of {pieces[1]} word pieces: "
        f"{pieces[0] / each:,.0f} texts/s, {work / each / 1e12:,.2f} TFLOP/s, "
        f"{work / each / limit:.0%} of the product above"
    )
    some = texts[:200]
    cosine = (encoder.encode(some) * minilm.MiniLM(folder).encode(some)).sum(1)
    print(f"  cosine with the light encoder's vectors: {cosine.min():.6f} at least")


def operations(config: Any, texts: int, pieces: int) -> float:
    """Multiplications and additions of one pass, after Kaplan and others (2020), appendix."""
    wide = int(config.hidden_size)
    weights = int(config.num_hidden_layers) * (
        4 * wide**2 + 2 * wide * int(config.intermediate_size)
    )
    attention = int(config.num_hidden_layers) * 2 * pieces * wide
    return 2.0 * texts * pieces * (weights + attention)


def training(device: str, texts: list[str], folder: Path, budget: int) -> None:
    """Print what each kind of training takes, on the device and on the CPU."""
    sessions = made(4_000, 1)
    makers: dict[str, Callable[[str], Any]] = {
        "gpt, 64 wide, 2 layers": lambda on: learned(Gpt(budget=budget, device=on), sessions),
        "gpt, 256 wide, 4 layers": lambda on: learned(
            Gpt(budget=budget, device=on, width=256, layers=4), sessions
        ),
        "logbert": lambda on: learned(LogBert(budget=budget, device=on), sessions),
        "masked language model": lambda on: learned(
            MaskedLanguageModel(budget=budget, device=on), texts[:2_000]
        ),
        "encoder, 30 steps of 64 pairs": lambda on: tuned(folder, texts[:2_000], on),
    }
    for name, make in makers.items():
        for on in dict.fromkeys((device, "cpu")):
            started = time.perf_counter()
            told = make(on)
            print(f"  {name:<30} {on:<5} {time.perf_counter() - started:7.1f} s   {told}")


def learned(detector: Any, data: Sessions | list[str]) -> str:
    """Fit, and say the loss on what was held out."""
    fitted: Detector[Any] = detector.fit(data)
    told: Any = fitted.state().facts["training"]
    return (
        f"{told['epochs']} epochs, held-out loss {told['held_out_loss']:.3f}, {told['precision']}"
    )


def tuned(folder: Path, texts: list[str], device: str) -> str:
    losses: list[float] = []
    with TemporaryDirectory() as target:
        step = lambda _, loss: losses.append(loss)  # noqa: E731
        tune(texts, folder, Path(target), Tuning(steps=30), step, device)
    return f"loss {losses[0]:.3f}, then {np.mean(losses[-5:]):.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.device", description=__doc__)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--budget", type=int, default=100_000)
    options = parser.parse_args()
    device = heavy.device("auto")
    count = TEXTS[device]
    found = options.texts.read_text().splitlines() if options.texts else made_up(count)
    texts = (found * (count // len(found) + 1))[:count]
    folder = options.encoder or minilm.folder()
    print(f"{heavy.device_name(device)}; {machine()}; PyTorch {heavy.torch().__version__}")
    embedding(folder, texts, device, limits(device))
    training(device, found, folder, options.budget)
    return 0


if __name__ == "__main__":
    sys.exit(main())
