"""Tuning the encoder on a site's own lines, without labels.

Gao, Yao, Chen: SimCSE: Simple Contrastive Learning of Sentence Embeddings (2021); the loss is that
of van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding (2018).
Needs `vedette[ml]`; what comes of it is read by `MiniLM` without.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Json, Texts, some
from models.embed import safetensors
from models.embed.minilm import CONFIGURATION, LONGEST, VOCABULARY, WEIGHTS, MiniLM, fingerprint
from models.embed.pairs import pairs
from models.embed.sentence import sentence_transformer
from models.errors import StoreError
from models.libraries import library
from models.store import sha256

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Tuning:
    """How it is done. Rate, temperature and batch are SimCSE's.

    `longest`: word pieces of a text that are learned from. Memory grows with their square: with
    128 texts of 256 pieces it took 15 GB.
    """

    steps: int = 200
    batch: int = 64
    rate: float = 3e-5
    temperature: float = 0.05
    longest: int = 64
    seed: int = 0


def tune(
    texts: Texts,
    source: Path,
    target: Path,
    tuning: Tuning | None = None,
    step: Callable[[int, float], None] | None = None,
    device: str | None = None,
) -> MiniLM:
    """Tune the encoder in `source` on `texts`, write it into the folder `target`, and read it.

    `step` is told the number of each step and its loss. The same texts and seed on one machine
    give the same weights. On a GPU it works in bfloat16 where torch finds that safe.
    """
    some(texts)
    torch, tuning = library("torch"), tuning or Tuning()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = sentence_transformer(source, device)
    model.max_seq_length = min(tuning.longest, LONGEST)
    losses: list[float] = []
    for number, loss in enumerate(_train(torch, model, texts, tuning, device)):
        losses.append(loss)
        if step:
            step(number, loss)
    weights = {
        name: each.detach().float().cpu().numpy()
        for name, each in model[0].auto_model.state_dict().items()
        if each.is_floating_point()
    }
    training = {
        "from": fingerprint(source, "files"),
        "texts": sha256("\n".join(texts).encode("utf-8", "surrogatepass")),
        "tuning": asdict(tuning),
        "loss": {"first": losses[0], "last": losses[-1]},
    }
    return _written(weights, training, source, target)


def _train(torch: Any, model: Any, texts: Texts, tuning: Tuning, device: str) -> Any:
    """Yields the loss of each step."""
    rng = np.random.default_rng(tuning.seed)
    made = pairs(texts, tuning.steps * tuning.batch, rng)
    optimizer = torch.optim.AdamW(model.parameters(), lr=tuning.rate)
    devices = [torch.cuda.current_device()] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(tuning.seed)
        model.train()
        for number in range(tuning.steps):
            batch = made[number * tuning.batch : (number + 1) * tuning.batch]
            with torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=bool(devices)):
                sides = zip(*batch, strict=True)
                firsts, seconds = (_forward(model, side, device) for side in sides)
                cosines = firsts @ seconds.T / tuning.temperature
                wanted = torch.arange(len(batch), device=device)
                loss = torch.nn.functional.cross_entropy(cosines.float(), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield float(loss.detach())
    model.eval()


def _forward(model: Any, texts: Texts, device: str) -> Any:
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    # It had another name in earlier versions of the library.
    prepare = getattr(model, "preprocess", None) or model.tokenize
    features = {
        # Beside tensors the library may tell what kind of input it is.
        name: each.to(device) if hasattr(each, "to") else each
        for name, each in prepare(clean).items()
    }
    return model(features)["sentence_embedding"]


def _written(
    weights: Mapping[str, Any], training: Mapping[str, Json], source: Path, target: Path
) -> MiniLM:
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / MANIFEST).unlink(missing_ok=True)
        for name in (VOCABULARY, CONFIGURATION):
            shutil.copyfile(source / name, target / name)
        safetensors.write(target / WEIGHTS, weights)
        files = {
            name: sha256((target / name).read_bytes())
            for name in (WEIGHTS, VOCABULARY, CONFIGURATION)
        }
        told = {"format": 1, "kind": "encoder", "training": dict(training), "files": files}
        (target / MANIFEST).write_text(json.dumps(told, indent=1, sort_keys=True))
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", str(target)) from error
    return load(target)


def load(folder: Path) -> MiniLM:
    """The tuned encoder in `folder`; `StoreError` if a file is not what its manifest describes."""
    path = folder / MANIFEST
    try:
        told = json.loads(path.read_bytes())
        files = {name: told["files"][name] for name in (WEIGHTS, VOCABULARY, CONFIGURATION)}
        for name, wanted in files.items():
            if sha256((folder / name).read_bytes()) != wanted:
                raise StoreError("is not the file that the manifest describes", str(folder / name))
    except (OSError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"cannot be read: {error}", str(path)) from error
    except StoreError:
        raise
    except ValueError as error:
        raise StoreError(f"is no JSON: {error}", str(path)) from error
    fingerprint.cache_clear()  # the folder may have held another before
    return MiniLM(folder, str(folder))
