"""Whether the file can be read, and the engine takes what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigma.modifiers import modifier_mapping

from engine.errors import RuleError, nearest_name
from vedette.lint.document import Document, RuleFile
from vedette.lint.finding import Found, quote
from vedette.lint.registry import ERROR, WARNING, checks, of_file, of_rule

TAKEN = re.compile(r"id \S+ is already taken by ")
"""The engine's words for what `duplicate-id` tells of both rules."""


@of_file("unreadable", ERROR)
def unreadable(file: RuleFile) -> Iterator[Found]:
    """The file is no YAML that can be read.

    No rule of it is loaded: broken YAML, a key that stands twice, text that is not UTF-8, a file
    over 1 MiB or with too many aliases.
    """
    if file.broken is not None:
        yield Found(_sentence(file.broken), file.broken.line or 1)


@of_file("refused", ERROR)
def refused(file: RuleFile) -> Iterator[Found]:
    """The engine refuses the rule.

    The rule is not evaluated at all; the message says why. Left out where another check names
    the same cause with its line.
    """
    if file.broken is None:
        for error in file.refused:
            if not TAKEN.search(error.message):
                yield Found(_sentence(error), error.line or 1)


def _sentence(error: RuleError) -> str:
    return str(RuleError(error.message, field=error.field, expected=error.expected))


@of_rule("unknown-modifier", ERROR, refusal=True)
def unknown_modifier(document: Document) -> Iterator[Found]:
    """A field has a modifier that Sigma does not have.

    The rule is refused, by this engine and by others.
    """
    for item in document.items:
        for modifier in item.modifiers:
            if modifier not in modifier_mapping:
                nearest = nearest_name(modifier, modifier_mapping)
                yield Found(
                    f"{item.key}: no modifier is called {quote(modifier)}", item.line, nearest
                )


@of_file("unknown-ignore", WARNING)
def unknown_ignore(file: RuleFile) -> Iterator[Found]:
    """A comment turns off a check that does not exist.

    `# vedette: ignore NAME` does nothing when the name is misspelt.
    """
    known = {check.id for check in checks()}
    for line, names in file.ignores.items():
        for name in sorted(names - known):
            yield Found(
                f"no check is called {quote(name)}", max(line, 1), nearest_name(name, known)
            )
