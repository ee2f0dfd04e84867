"""What a rule must look like before pySigma reads it: the types of its parts, and its size.

pySigma fails on values of a type it does not expect with whatever Python says; here the field
and what was expected are named. It also expands what a rule asks for, so that a short hostile
text could fill the memory; such rules are refused by their size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.errors import RuleError
from engine.match.pattern import MAX_LENGTH

MAX_NODES = 100_000
"""Values in one rule, each counted as often as YAML aliases repeat it."""

MAX_LEVELS = 32
"""Levels of lists and maps in one rule."""

MAX_DASHES = 4
"""Dashes in one `windash` text; each stands for five characters, so five would be 3,125 texts."""

Refuse = Callable[[str, str, str], RuleError]
"""Makes the error of a message, a key to look for ("" = the whole rule), and what was expected."""

_DASH = re.compile(r"\B[-/]\b")
_TEXTS = ("title", "name", "status", "level", "description", "author", "license", "taxonomy")
_SOURCE = ("product", "category", "service")


def check(item: Any, refuse: Refuse) -> None:
    """Raise what `refuse` makes when a document cannot be a rule."""
    if not isinstance(item, Mapping):
        raise refuse("not a Sigma rule", "", "a YAML mapping")
    _measure(item, refuse)
    _texts(item, _TEXTS, refuse)
    source = item.get("logsource")
    if isinstance(source, Mapping):
        _texts(source, _SOURCE, refuse)
    for key in ("correlation", "filter"):
        if key in item and not isinstance(item[key], Mapping):
            raise refuse(f"is {_kind(item[key])}", key, "a mapping")
    detection = item.get("detection")
    if isinstance(detection, Mapping):
        _conditions(detection.get("condition", ""), refuse)
        _selections(detection, "", refuse)


def _texts(part: Mapping[str, Any], keys: Iterable[str], refuse: Refuse) -> None:
    for key in keys:
        if part.get(key) is not None and not isinstance(part[key], str):
            raise refuse(f"is {_kind(part[key])}", key, "text")


def _conditions(condition: Any, refuse: Refuse) -> None:
    for text in condition if isinstance(condition, list) else [condition]:
        if not isinstance(text, str):
            raise refuse(f"is {_kind(text)}", "condition", "text")


def _selections(part: Any, modifiers: str, refuse: Refuse) -> None:
    """Go through the values of selections, with the modifiers that they stand under."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            _selections(value, str(key).partition("|")[2], refuse)
        return
    if isinstance(part, list):
        for value in part:
            _selections(value, modifiers, refuse)
        return
    named = modifiers.split("|")
    if "utf16" in named:  # pySigma puts a mark before the text, which base64 then takes for UTF-8
        raise refuse("the modifier utf16 means nothing here", "detection", "wide or utf16be")
    if "re" in named and not isinstance(part, str):
        raise refuse(f"a regular expression is {_kind(part)}", "detection", "text")
    if "re" in named and len(part) > MAX_LENGTH:  # pySigma compiles it, too
        raise refuse(
            "has a long regular expression", "detection", f"at most {MAX_LENGTH:,} characters"
        )
    if "windash" in named and isinstance(part, str) and len(_DASH.findall(part)) > MAX_DASHES:
        raise refuse("has too many dashes under windash", "detection", f"at most {MAX_DASHES}")


def _measure(item: Any, refuse: Refuse) -> None:
    """Count values and levels; what aliases share is looked at once but counted each time."""
    known: dict[int, tuple[int, int]] = {}

    def measured(value: Any, above: int) -> tuple[int, int]:
        if not isinstance(value, Mapping | list):
            return 1, 0
        if above >= MAX_LEVELS:  # an alias inside of what it stands for ends here too
            raise refuse("is nested too deeply", "", f"at most {MAX_LEVELS} levels")
        found = known.get(id(value))
        if found is None:
            inner = value.values() if isinstance(value, Mapping) else value
            sizes = [measured(part, above + 1) for part in inner]
            found = 1 + sum(n for n, _ in sizes), 1 + max((d for _, d in sizes), default=0)
            known[id(value)] = found
        if found[0] > MAX_NODES:
            raise refuse("has too many values", "", f"at most {MAX_NODES:,}, aliases counted out")
        if above + found[1] > MAX_LEVELS:
            raise refuse("is nested too deeply", "", f"at most {MAX_LEVELS} levels")
        return found

    measured(item, 0)


def _kind(value: Any) -> str:
    names = {type(None): "empty", dict: "a mapping", list: "a list", bool: "true or false"}
    return names.get(type(value), f"{type(value).__name__} {value!r}"[:80])
