"""Values: twice the same, one within another, and ones that say little."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigma.types import SigmaString, SpecialChars

from engine.match.pattern import Pattern
from vedette.lint.document import Document
from vedette.lint.facts import named
from vedette.lint.finding import Found, quote
from vedette.lint.items import Item
from vedette.lint.registry import INFO, WARNING, of_rule
from vedette.lint.truth import covers

PLACING = frozenset({"contains", "startswith", "endswith"})
_CASED = ("cased", "re", "base64", "base64offset")
MANY = 300
"""Values of a list beyond which pairs of them are not compared: that takes their square."""


@of_rule("duplicate-value", WARNING)
def duplicate_value(document: Document) -> Iterator[Found]:
    """A value stands twice in a list.

    One of them was probably meant to be another. Text is compared without case, unless `cased`
    or `re` says otherwise.
    """
    for item in document.items:
        seen: set[object] = set()
        for value in item.values:
            folds = isinstance(value.value, str) and not item.has(*_CASED)
            form = (type(value.value), value.value.lower() if folds else value.value)
            if form in seen:
                yield Found(f"{item.key}: {quote(value.value)} stands twice", value.line)
            seen.add(form)


@of_rule("covered-value", WARNING)
def covered_value(document: Document) -> Iterator[Found]:
    """A value is found wherever another of the list is.

    `contains` of `ab` makes `abc` in the same list idle: either can go, and perhaps the shorter
    one says more than was meant.
    """
    for item in document.items:
        if not item.any_of or len(item.values) > MANY:
            continue
        patterns = [
            (text, line, pattern) for text, line in item.texts if (pattern := _pattern(item, text))
        ]
        longest = [max(pattern.segments, key=len) for _, _, pattern in patterns]
        for text, line, pattern in patterns:
            whole = "*".join(pattern.segments)
            for (other, _, wide), part in zip(patterns, longest, strict=True):
                if (part in whole or wide.cased) and pattern != wide and covers(wide, pattern):
                    yield Found(f"{item.key}: {quote(other)} finds {quote(text)} too", line)
                    break


def _pattern(item: Item, text: str) -> Pattern | None:
    """What an item's value comes to, where modifiers do no more than place it."""
    if set(item.modifiers) - PLACING - {"cased"}:
        return None
    segments = [""]
    for part in SigmaString(text).s:
        if part is SpecialChars.WILDCARD_MULTI:
            segments.append("")
        elif isinstance(part, str):
            segments[-1] += part
        else:
            return None
    anywhere = item.field is None or item.has("contains")
    if (anywhere or item.has("endswith")) and segments[0]:
        segments.insert(0, "")
    if (anywhere or item.has("startswith")) and segments[-1]:
        segments.append("")
    return Pattern(tuple(segments), cased=item.has("cased"))


@of_rule("empty-value", WARNING)
def empty_value(document: Document) -> Iterator[Found]:
    """`contains`, `startswith` or `endswith` of an empty text.

    Every value has it: the test only asks that the field is there, which is `exists: true`.
    """
    for item in document.items:
        for text, line in item.texts:
            if not text and item.has(*PLACING):
                yield Found(f"{item.key} of an empty text is true of every value", line)


@of_rule("empty-list", WARNING)
def empty_list(document: Document) -> Iterator[Found]:
    """A field has an empty list of values.

    Tools disagree on what that asks; here it is null, a field that is missing.
    """
    for item in document.items:
        if item.listed and not item.values:
            yield Found(f"{item.key} has no values", item.line)


@of_rule("one-character", INFO)
def one_character(document: Document) -> Iterator[Found]:
    """`contains` of a single letter, digit or space.

    It is found in nearly every value. Signs such as `$` or `^` may say something and are left
    alone.
    """
    for item in document.items:
        for text, line in item.texts if item.has("contains") else ():
            plain = len(text) == 1 and text.isascii() and (text.isalnum() or text == " ")
            if plain and item.any_of:
                yield Found(f"{item.key}: {quote(text)} is in nearly every value", line)


@of_rule("short-keyword", INFO)
def short_keyword(document: Document) -> Iterator[Found]:
    """A keyword of one or two characters.

    Keywords are looked for anywhere in every value of the event.
    """
    for item in document.items:
        for text, line in item.texts if item.field is None and item.any_of else ():
            if 0 < len(text.strip("*")) < 3:
                yield Found(f"the keyword {quote(text)} is in nearly every event", line)


@of_rule("space-at-edge", INFO)
def space_at_edge(document: Document) -> Iterator[Found]:
    """A value of `startswith` begins with a space, one of `endswith` or of equality ends in one.

    Log values seldom do.
    """
    for item in document.items:
        if item.field is None or item.has("contains", "re"):
            continue
        for text, line in item.texts:
            whole = not item.modifiers
            first = text[:1] == " " and (whole or item.has("startswith"))
            last = text[-1:] == " " and (whole or item.has("endswith"))
            if text.strip() and (first or last):
                yield Found(f"{item.key}: {quote(text)} has a space at its edge", line)


@of_rule("program-without-separator", INFO)
def program_without_separator(document: Document) -> Iterator[Found]:
    r"""A path is said to end in a bare file name.

    `Image|endswith: 'cmd.exe'` also fits `notcmd.exe`: begin with the separator, `\cmd.exe`.
    """
    for item in document.items:
        if item.field not in named("paths") or not item.has("endswith"):
            continue
        for text, line in item.texts:
            if re.fullmatch(r"[\w.+-]+\.(exe|dll|com|scr|bat|ps1)", text, re.IGNORECASE):
                yield Found(f"{item.key}: {quote(text)} fits longer names too", line, f"\\{text}")


@of_rule("escape-in-value", WARNING)
def escape_in_value(document: Document) -> Iterator[Found]:
    """A value has a control character.

    In double quotes YAML reads `\\t` and `\\n` as tab and line feed, also in a path such as
    `C:\\temp\\new`: use single quotes.
    """
    for item in document.items:
        for text, line in item.texts:
            found = next((char for char in text if ord(char) < 32), None)
            if found and not item.has("re"):
                yield Found(f"{item.key}: the value has {found!a}", line)
