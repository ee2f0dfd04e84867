"""Whether the mask that is written in C was built, and what stands in front of the templates then.

It is optional, and used only for the very mask that `mask.py` has: without it the same is done in
Python.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

from models.template.forms import Forms
from models.template.front import Front
from models.template.mask import VERSION, Tokens


def _built() -> bool:
    if os.environ.get("VEDETTE_NATIVE", "1") == "0" or not find_spec("models.template.masker"):
        return False
    from models.template import masker

    return masker.VERSION == VERSION


NATIVE = _built()
"""Whether it is used: it was built of the same mask, and is not switched off."""


def cache(ask: Callable[[Tokens], int]) -> Forms | Front:
    """What remembers the answers of `ask`; both kinds give the same."""
    return Forms(ask) if NATIVE else Front(ask)
