"""The finding of a key that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.lint.document import Document
from vedette.lint.finding import Found

_ALWAYS = ("title", "id")
"""What a rule must have even if it never alerts itself."""


def missing(document: Document, *keys: str) -> Iterator[Found]:
    """A finding for each key that is absent or empty."""
    for key in keys:
        if key not in _ALWAYS and document.feeds:
            continue
        if document.data.get(key) in (None, "", [], {}):
            yield Found(f"has no {key}", document.line(key))
