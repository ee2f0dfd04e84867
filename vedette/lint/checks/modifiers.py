"""Modifiers that do nothing, or not together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vedette.lint.document import Document
from vedette.lint.finding import Found
from vedette.lint.registry import INFO, WARNING, of_rule

_PARTIAL = ("contains", "startswith", "endswith", "re", "cidr", "fieldref", "gt", "gte", "lt",
            "lte", "neq")  # fmt: skip
_ENCODINGS = ("utf16", "utf16le", "utf16be", "wide")


@of_rule("all-of-one", WARNING)
def all_of_one(document: Document) -> Iterator[Found]:
    """`all` with a single value.

    It does nothing; a second value was perhaps forgotten.
    """
    for item in document.items:
        if item.has("all") and len(item.values) == 1:
            yield Found(f"{item.key} has a single value", item.line)


@of_rule("all-without-contains", WARNING)
def all_without_contains(document: Document) -> Iterator[Found]:
    """`all` asks a field to equal several values at once.

    Only a field with several values can; mostly `contains|all` was meant.
    """
    for item in document.items:
        wild = all("*" in text or "?" in text for text, _ in item.texts)
        several = item.field and item.has("all") and len(item.values) > 1
        if several and not wild and not item.has(*_PARTIAL):
            yield Found(f"{item.key} asks for several values at once", item.line)


@of_rule("base64offset-without-contains", WARNING)
def base64offset_without_contains(document: Document) -> Iterator[Found]:
    """`base64offset` without `contains`.

    It stands for a piece of encoded text, which has other text around it.
    """
    for item in document.items:
        if item.has("base64offset") and not item.has("contains"):
            yield Found(f"{item.key} lacks contains", item.line)


@of_rule("windash-with-all", WARNING)
def windash_with_all(document: Document) -> Iterator[Found]:
    """`windash` after `all`, with all the forms of a dash asked for at once.

    pySigma gathers the forms of each value into alternatives; other tools ask for every one.
    """
    for item in document.items:
        if item.has("windash") and item.has("all"):
            yield Found(f"{item.key} is read in two ways", item.line)


@of_rule("repeated-modifier", WARNING)
def repeated_modifier(document: Document) -> Iterator[Found]:
    """A modifier stands twice on a field.

    Only `base64` means something when it is repeated.
    """
    for item in document.items:
        for modifier, count in Counter(item.modifiers).items():
            if count > 1 and modifier != "base64":
                yield Found(f"{item.key} has {modifier} {count} times", item.line)


@of_rule("contains-with-edge", WARNING)
def contains_with_edge(document: Document) -> Iterator[Found]:
    """`contains` together with `startswith` or `endswith`.

    The value is then looked for anywhere, whatever the other one says.
    """
    for item in document.items:
        if item.has("contains") and item.has("startswith", "endswith"):
            yield Found(f"{item.key} looks for the value anywhere", item.line)


@of_rule("encoding-without-base64", WARNING)
def encoding_without_base64(document: Document) -> Iterator[Found]:
    """A text is turned into UTF-16, but not into Base64 after that.

    No log has the raw bytes as text.
    """
    for item in document.items:
        if item.has(*_ENCODINGS) and not item.has("base64", "base64offset"):
            yield Found(f"{item.key} lacks base64offset|contains", item.line)


@of_rule("cased-without-letters", INFO)
def cased_without_letters(document: Document) -> Iterator[Found]:
    """`cased` on values that have no letters.

    There is no case to compare.
    """
    for item in document.items:
        texts = [text for text, _ in item.texts]
        if item.has("cased") and texts and not any(c.isalpha() for text in texts for c in text):
            yield Found(f"{item.key}: no value has a letter", item.line)
