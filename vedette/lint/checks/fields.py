"""Field names, against what is known of the log source."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from vedette.lint.document import Document
from vedette.lint.facts import every_field, fields_of
from vedette.lint.finding import Found, quote
from vedette.lint.items import Item
from vedette.lint.registry import INFO, WARNING, of_rule


def _unknown(document: Document) -> Iterator[tuple[Item, str, str | None]]:
    """Each item whose field its log source is not known to have, with the nearest it has."""
    known = fields_of(document.source)
    for item in document.items if known else ():
        name = item.field
        if name is None or name in known or name.partition(".")[0] in known:
            continue
        folded = {field.lower(): field for field in known}
        near = folded.get(name.lower())
        if near is None and name not in every_field():
            near = next(iter(get_close_matches(name, known, n=1, cutoff=0.87)), None)
        yield item, name, near


@of_rule("misspelt-field", WARNING)
def misspelt_field(document: Document) -> Iterator[Found]:
    """A field's name is nearly one that the log source has.

    Names of fields are compared with case. A field that no event has never matches, and `not` of
    it always does.
    """
    for item, name, near in _unknown(document):
        if near:
            yield Found(
                f"{document.source} is not known to have the field {quote(name)}", item.line, near
            )


@of_rule("unknown-field", INFO)
def unknown_field(document: Document) -> Iterator[Found]:
    """A field that the log source is not known to have.

    It may belong to another log source, or to a sensor of your own.
    """
    for item, name, near in _unknown(document):
        if near is None:
            yield Found(
                f"{document.source} is not known to have the field {quote(name)}", item.line
            )


@of_rule("space-in-field", WARNING)
def space_in_field(document: Document) -> Iterator[Found]:
    """A field's name begins or ends in a space, or a modifier does.

    The space is part of the name, so that no event has the field.
    """
    for item in document.items:
        for part in ((item.field or ""), *item.modifiers):
            if part != part.strip():
                yield Found(f"{quote(item.key)} has a space at the edge of a name", item.line)
                break
