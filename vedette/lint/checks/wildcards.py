"""Wildcards and what is mistaken for them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.registry import INFO, WARNING, of_rule

_PLACING = ("contains", "startswith", "endswith")
_OTHERS = ("re", "cidr", "exists", "fieldref", "gt", "gte", "lt", "lte")


def _open(text: str) -> tuple[bool, bool]:
    """Whether a text begins, and ends, with a wildcard."""
    slashes = len(text[:-1]) - len(text[:-1].rstrip("\\"))
    return text.startswith("*"), text.endswith("*") and slashes % 2 == 0


@of_rule("wildcard-for-modifier", INFO)
def wildcard_for_modifier(document: Document) -> Iterator[Found]:
    """A wildcard at the edge of a value, where a modifier says the same.

    `contains`, `startswith` and `endswith` are read at a glance, and some backends are faster
    with them.
    """
    names = {(True, True): "contains", (True, False): "endswith", (False, True): "startswith"}
    for item in document.items:
        if item.field is None or item.has(*_PLACING, *_OTHERS):
            continue
        for text, line in item.texts:
            edges = _open(text)
            inner = text.strip("*")
            if any(edges) and inner and "*" not in inner:
                yield Found(f"{item.key}: {quote(text)} is {names[edges]}", line)


@of_rule("idle-wildcard", INFO)
def idle_wildcard(document: Document) -> Iterator[Found]:
    """A wildcard where the modifier, or being a keyword, already leaves the value open.

    `contains: '*x*'` is `contains: x`.
    """
    for item in document.items:
        anywhere = item.has("contains") or item.field is None
        if item.has(*_OTHERS):
            continue
        for text, line in item.texts:
            first, last = _open(text)
            first = first and (anywhere or item.has("endswith"))
            last = last and (anywhere or item.has("startswith"))
            if len(text) > 1 and (first or last):
                yield Found(f"{item.key}: a wildcard of {quote(text)} does nothing", line)


@of_rule("wildcard-alone", WARNING)
def wildcard_alone(document: Document) -> Iterator[Found]:
    """A value is `*` and nothing else.

    It asks that the field has a value: say `exists: true`. In a list it makes the other values
    idle.
    """
    for item in document.items:
        for text, line in item.texts:
            if text and not text.strip("*") and item.field and not item.has("re"):
                yield Found(f"{item.key}: {quote(text)} is true of every value", line)


@of_rule("double-wildcard", WARNING)
def double_wildcard(document: Document) -> Iterator[Found]:
    """Two `*` stand side by side.

    One does the same.
    """
    for item in document.items:
        for text, line in item.texts if not item.has(*_OTHERS) else ():
            if "**" in text.strip("*") or (text.startswith("**") or text.endswith("**")):
                yield Found(f"{item.key}: {quote(text)} has two wildcards in a row", line)


@of_rule("escaped-wildcard", WARNING)
def escaped_wildcard(document: Document) -> Iterator[Found]:
    r"""A `\*` or `\?` that was probably meant as a backslash and a wildcard.

    In `C:\Users\*\x.exe` the backslash takes the wildcard's meaning away: the value is then
    looked for with a literal asterisk. Write `C:\Users\\*\x.exe`.
    """
    for item in document.items:
        for text, line in item.texts if not item.has(*_OTHERS) else ():
            if re.search(r"(?<!\\)(?:\\\\)*[\w:%)]\\\*(?=\\|\w|\.)", text):
                yield Found(f"{item.key}: in {quote(text)} the asterisk is literal", line)


@of_rule("regex-without-re", WARNING)
def regex_without_re(document: Document) -> Iterator[Found]:
    r"""A value looks like a regular expression, but `re` is missing.

    `.*` or `\d+` are compared as they are written.
    """
    sign = re.compile(
        r"(?<!\d)\.\*(?!\w+$)|\.\+(?=[\w\\(\[])|\\[dws][+*]|\[\^?[a-z]-[a-z0-9-]*\][+*{]|"
        r"\(\?[:i=!]|\{\d+,\d*\}|\w\|\w+\)"
    )
    for item in document.items:
        for text, line in item.texts if not item.has(*_OTHERS) else ():
            if sign.search(text):
                yield Found(f"{item.key}: {quote(text)} looks like a regular expression", line)


@of_rule("anchor-without-re", WARNING)
def anchor_without_re(document: Document) -> Iterator[Found]:
    """A value of `endswith` ends in `$`, or one of `startswith` begins with `^`.

    Only regular expressions have anchors; here the sign is part of the text.
    """
    for item in document.items:
        for text, line in item.texts if not item.has("re") else ():
            end = item.has("endswith") and re.search(r"\.\w+\$$", text)
            start = item.has("startswith") and text.startswith("^")
            if end or start:
                yield Found(f"{item.key}: the anchor of {quote(text)} is part of the text", line)
