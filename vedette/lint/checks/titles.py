"""Titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.missing import missing
from vedette.lint.registry import ALL, ERROR, INFO, WARNING, of_rule

LONGEST_TITLE = 120
LESSER = frozenset(
    ("a", "an", "and", "as", "at", "but", "by", "for", "from", "if", "in", "into", "is", "nor",
     "of", "off", "on", "onto", "or", "out", "over", "per", "so", "than", "that", "the", "to",
     "up", "via", "vs", "with", "without")
)  # fmt: skip
"""Words that titles leave in lower case."""


@of_rule("missing-title", ERROR, refusal=True, kinds=ALL)
def missing_title(document: Document) -> Iterator[Found]:
    """The rule has no title.

    Alerts are named by it.
    """
    yield from missing(document, "title")


@of_rule("long-title", WARNING, kinds=ALL)
def long_title(document: Document) -> Iterator[Found]:
    """The title is longer than 120 characters.

    Lists and alerts cut it off. Details belong into the description.
    """
    if len(document.title or "") > LONGEST_TITLE:
        length = len(document.title or "")
        yield Found(f"the title has {length} characters", document.line("title"))


@of_rule("title-case", INFO, kinds=ALL)
def title_case(document: Document) -> Iterator[Found]:
    """The title's words do not begin with capitals.

    Titles are headings: “Shadow Copies Deleted with Vssadmin”.
    """
    words = re.findall(r"(?<![\w.'/\\-])[^\W\d_]+(?![\w.'/\\])", document.title or "")
    plain = [word for word in words if word.islower() and word not in LESSER]
    if plain:
        yield Found(f"the title has {quote(plain[0])} in lower case", document.line("title"))


@of_rule("title-full-stop", WARNING, kinds=ALL)
def title_full_stop(document: Document) -> Iterator[Found]:
    """The title ends in a full stop.

    It is a heading and no sentence.
    """
    if (document.title or "").rstrip().endswith("."):
        yield Found("the title ends in a full stop", document.line("title"))
