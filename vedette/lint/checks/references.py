"""References and false positives: what the analyst goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.missing import missing
from vedette.lint.registry import INFO, WARNING, WITH_CORRELATIONS, of_rule

_EMPTY_FALSE_POSITIVES = frozenset({"none", "no", "n/a", "na", "-", "tbd", "pentest", "null"})


@of_rule("missing-references", INFO, kinds=WITH_CORRELATIONS)
def missing_references(document: Document) -> Iterator[Found]:
    """The rule has no references.

    The analyst, and the next author, want to read what it was made from.
    """
    yield from missing(document, "references")


@of_rule("reference-no-url", INFO, kinds=WITH_CORRELATIONS)
def reference_no_url(document: Document) -> Iterator[Found]:
    """A reference is no web address.

    A reader cannot follow it, and tools that make links of references break on it.
    """
    for place, text in enumerate(document.texts("references")):
        if not _is_url(text):
            yield Found(f"{quote(text)} is no web address", document.line("references", place))


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in text.strip()


@of_rule("duplicate-reference", WARNING, kinds=WITH_CORRELATIONS)
def duplicate_reference(document: Document) -> Iterator[Found]:
    """A reference stands twice.

    One of them was probably meant to be another.
    """
    seen: set[str] = set()
    for place, text in enumerate(document.texts("references")):
        if text in seen:
            yield Found(f"{quote(text)} stands twice", document.line("references", place))
        seen.add(text)


@of_rule("missing-falsepositives", INFO)
def missing_falsepositives(document: Document) -> Iterator[Found]:
    """The rule names no false positives.

    Write down who else does this, so that the analyst knows whom to ask.
    """
    if document.data.get("level") not in ("high", "critical"):
        yield from missing(document, "falsepositives")


@of_rule("grave-without-falsepositives", WARNING)
def grave_without_falsepositives(document: Document) -> Iterator[Found]:
    """A rule of level high or critical names no false positives.

    It wakes people up: they have to know at once what else it may be. “Unlikely” is an answer
    too.
    """
    if document.data.get("level") in ("high", "critical"):
        yield from missing(document, "falsepositives")


@of_rule("empty-falsepositive", INFO)
def empty_falsepositive(document: Document) -> Iterator[Found]:
    """A false positive says nothing.

    “None” is seldom true, and a test by one's own people is no false positive.
    """
    for place, text in enumerate(document.texts("falsepositives")):
        if text.strip().lower().rstrip(".") in _EMPTY_FALSE_POSITIVES:
            yield Found(f"{quote(text)} says nothing", document.line("falsepositives", place))
