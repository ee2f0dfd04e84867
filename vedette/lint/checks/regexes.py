"""Regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.match.pattern import PatternError, Regex
from vedette.lint.document import Document
from vedette.lint.finding import Found
from vedette.lint.items import Item
from vedette.lint.registry import INFO, WARNING, of_rule

_FLAGS = ("i", "m", "s")
_SIGNS = re.compile(r"[.^$*+?{}\[\]|()]")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
LONGEST = 2000
"""Characters of an expression that advice looks at: an open bracket costs their square."""

_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


def _expressions(document: Document) -> Iterator[tuple[Item, str, int]]:
    for item in document.items:
        if item.has("re"):
            for text, line in item.texts:
                yield item, text, line


def _without_classes(text: str) -> str:
    """The first stretch of an expression with `_` for each class such as `[a-z]`."""
    return _CLASS.sub("_", text[:LONGEST])


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


@of_rule("slow-regex", WARNING)
def slow_regex(document: Document) -> Iterator[Found]:
    """A regular expression needs the slow engine.

    Look-around and back-references do not run in linear time, nor does an expression with many
    hundred places: it runs under a time limit, and an event on which that runs out is not
    matched.
    """
    for item, text, line in _expressions(document):
        flags = "".join(flag for flag in _FLAGS if item.has(flag))
        try:
            linear = Regex(text, flags).linear
        except PatternError:
            continue  # the rule is refused
        if not linear:
            yield Found(f"{item.key}: /{_shown(text)}/ does not run in linear time", line)


@of_rule("nested-quantifier", INFO)
def nested_quantifier(document: Document) -> Iterator[Found]:
    """A repeated group repeats something itself, such as `(a+)+`.

    Here that costs nothing; engines that backtrack may take for ever on the right value.
    """
    for item, text, line in _expressions(document):
        if _nests(text):
            yield Found(f"{item.key}: /{_shown(text)}/ repeats a repetition", line)


def _nests(text: str) -> bool:
    plain = _without_classes(re.sub(r"\\.", "e", text, flags=re.DOTALL))
    stack: list[bool] = []
    repeats = False
    for place, char in enumerate(plain):
        if char == "(":
            stack.append(repeats)
            repeats = False
        elif char == ")" and stack:
            outer = _UNBOUNDED.match(plain, place + 1) is not None
            if repeats and outer:
                return True
            repeats = repeats or outer or stack.pop()
        elif _UNBOUNDED.match(plain, place):
            repeats = True
    return False


@of_rule("regex-is-plain", INFO)
def regex_is_plain(document: Document) -> Iterator[Found]:
    """A regular expression without any sign of one.

    `contains` (with `cased`, if case counts) says the same, and is faster everywhere.
    """
    for item, text, line in _expressions(document):
        bare = re.sub(r"\\[^\w\s]", "", text).removeprefix("^").removesuffix("$")
        if text and not _SIGNS.search(bare) and "\\" not in bare:
            yield Found(f"{item.key}: /{_shown(text)}/ is plain text", line)


@of_rule("regex-outer-wildcard", INFO)
def regex_outer_wildcard(document: Document) -> Iterator[Found]:
    """A regular expression begins or ends with `.*`.

    It is searched anywhere in the value, so that this only costs time.
    """
    for item, text, line in _expressions(document):
        if re.match(r"\^?\.[*]", text) or re.search(r"(?<!\\)\.[*]\$?\Z", text):
            yield Found(f"{item.key}: /{_shown(text)}/ has an idle '.*' at its edge", line)


@of_rule("glob-in-regex", WARNING)
def glob_in_regex(document: Document) -> Iterator[Found]:
    """A regular expression is written like a value with wildcards.

    In `re: whoami*` the asterisk repeats the letter before it.
    """
    for item, text, line in _expressions(document):
        if re.fullmatch(r"(?:[\w\s/:.-]|\\[^\w])*\w\*(?:[\w\s/:.-]|\\[^\w])*", text):
            yield Found(f"{item.key}: the asterisk of /{_shown(text)}/ repeats a letter", line)


@of_rule("unescaped-dot", INFO)
def unescaped_dot(document: Document) -> Iterator[Found]:
    r"""The dot of a file name stands unescaped in a regular expression.

    There it is any character: write `\.exe`.
    """
    sign = re.compile(r"\w\.(?:exe|dll|ps1|bat|com|vbs|js|hta|sys|scr)\b", re.IGNORECASE)
    for item, text, line in _expressions(document):
        if sign.search(_without_classes(text)):
            yield Found(f"{item.key}: a dot of /{_shown(text)}/ is any character", line)


@of_rule("inline-flag", INFO)
def inline_flag(document: Document) -> Iterator[Found]:
    """A regular expression sets its flags inline.

    `(?i)` is understood by few backends; the modifier `|re|i` by all.
    """
    for item, text, line in _expressions(document):
        if re.match(r"\(\?[ims]+\)", text):
            yield Found(f"{item.key}: /{_shown(text)}/ has its flags inline", line)


@of_rule("regex-case", INFO)
def regex_case(document: Document) -> Iterator[Found]:
    """A regular expression has letters, and case counts.

    All other texts of Sigma compare without case; where an attacker may write as he likes, add
    `|i`.
    """
    for item, text, line in _expressions(document):
        letters = re.search(r"[A-Za-z]{3}", _without_classes(re.sub(r"\\.", "", text)))
        if letters and not item.has("i") and not re.match(r"\(\?\w*i", text):
            yield Found(f"{item.key}: case counts in /{_shown(text)}/", line)
