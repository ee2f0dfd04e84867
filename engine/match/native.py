"""Whether what is written in C was built: the reader of lines, the finder of
texts, and the numbering of tests.

All are optional: without them the same is done in Python, and by libraries.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

NATIVE = os.environ.get("VEDETTE_NATIVE", "1") != "0" and all(
    find_spec(f"engine.match.{name}") for name in ("reader", "finder", "numbering")
)
"""Whether they are used: they were built, and are not switched off."""
