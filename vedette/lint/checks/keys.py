"""Top-level keys."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import nearest_name
from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.registry import ALL, INFO, WARNING, of_rule

KEYS = (
    "action", "author", "correlation", "date", "description", "detection", "falsepositives",
    "fields", "filter", "generate", "id", "level", "license", "logsource", "modified", "name",
    "references", "related", "scope", "status", "tags", "taxonomy", "title", "vedette",
    "regression_tests_path", "simulation",
)  # fmt: skip
"""Top-level keys of Sigma 2.1, of SigmaHQ's own and of ours."""


@of_rule("unknown-key", WARNING, kinds=ALL)
def unknown_key(document: Document) -> Iterator[Found]:
    """A top-level key is misspelt.

    Sigma allows keys of one's own, so that a misspelt one is passed over without a word.
    """
    for key in document.data:
        if not isinstance(key, str) or key in KEYS:
            continue
        if nearest := nearest_name(key.lower(), KEYS):
            yield Found(f"no key is called {quote(key, 64)}", document.line(key), nearest)


@of_rule("custom-key", INFO, kinds=ALL)
def custom_key(document: Document) -> Iterator[Found]:
    """A top-level key is none of Sigma's.

    Other tools pass over it; better to gather such keys under one name of your own.
    """
    for key in document.data:
        if not isinstance(key, str):
            yield Found(f"the key {quote(str(key), 64)} is no text", document.line())
        elif key not in KEYS and not nearest_name(key.lower(), KEYS):
            yield Found(f"{quote(key, 64)} is no key of Sigma's", document.line(key))
