"""Settings as rows of path, value and origin, without any secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import SecretStr

from vedette.settings.fields import dotted
from vedette.settings.loading import Loaded, leaves

HIDDEN = "******"


class Row(NamedTuple):
    """One value; it is JSON-serialisable."""

    path: str
    value: Any
    origin: str


def rows(loaded: Loaded) -> Iterator[Row]:
    """Yield every value in the model's order, as it would be written in a file."""
    written = loaded.settings.model_dump(mode="json")
    for path, value in leaves(loaded.settings):
        plain: Any = written
        for part in path:
            plain = plain[part]
        shown = HIDDEN if isinstance(value, SecretStr) else plain
        yield Row(dotted(path), shown, loaded.origins[dotted(path)])
