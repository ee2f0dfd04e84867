"""Whether the mask that is written in C was built, and what stands in front of the templates then.

It is optional, and used only for the mask that is the newest in `mask.py`: without it the same is
done in Python, and so is what an earlier mask asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

from models.template.forms import Forms
from models.template.front import Front
from models.template.mask import DATE, VERSION, Dates, Tokens


def _built() -> bool:
    if os.environ.get("VEDETTE_NATIVE", "1") == "0" or not find_spec("models.template.masker"):
        return False
    from models.template import masker

    return masker.VERSION == VERSION


NATIVE = _built()
"""Whether it is used: it was built of the same mask, and is not switched off."""


def cache(ask: Callable[[Tokens], int], dates: Dates = DATE) -> Forms | Front:
    """What remembers the answers of `ask`; both kinds give the same."""
    return Forms(ask) if NATIVE and dates is DATE else Front(ask, dates)
