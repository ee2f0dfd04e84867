"""Which encoder: by name, or the best of what is installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from models.embed import minilm, tune
from models.embed.cache import Cached
from models.embed.encoder import Encoder
from models.embed.hashing import Hashing
from models.embed.sentence import Sentence
from models.errors import ModelError

BEST = "best"
NAMES = (BEST, "minilm", "minilm-torch", "hashing")
"""What may be asked for; else it is the folder of an encoder that was tuned."""


def encoder(name: str = BEST) -> Cached:
    """The encoder called `name`, or that of the folder `name`; one for all who ask for the same.

    `best` is MiniLM in NumPy where its files are installed, else hashed n-grams. Its `name` says
    which it became. `ModelError` if it is not there.
    """
    if name == BEST:
        return _made("minilm" if minilm.installed() else "hashing")
    return _made(name)


@cache
def _made(name: str) -> Cached:
    return Cached(_bare(name))


def _bare(name: str) -> Encoder:
    if name == "hashing":
        return Hashing()
    if name == "minilm":
        return minilm.load(minilm.folder())
    if name == "minilm-torch":
        return Sentence(minilm.folder())
    if not Path(name).is_dir():
        raise ModelError(
            f"no encoder is called {name!r}; there are {', '.join(NAMES)}, "
            "or the folder of one that was tuned"
        )
    return tune.load(Path(name))
