"""Making hostile values fit a page: visible characters, bounded length, and cuts that show."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vedette.output import fields
from vedette.output.safe import json_text, visible, visible_lines

LONGEST_TEXT = 1_000
"""Characters shown of one text outside the raw event."""

_LONGEST_VALUE = 2_000
_MOST_ITEMS = 200
_DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Cut:
    """A text fit to be shown, and how many characters of it are not (0: it is whole)."""

    text: str
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.text)


def cut(text: str, longest: int = LONGEST_TEXT) -> Cut:
    """The first `longest` characters of a text, made visible."""
    return Cut(visible(text[:longest]), max(0, len(text) - longest))


def cut_lines(text: str, longest: int = LONGEST_TEXT) -> Cut:
    """Like `cut`, but line breaks stay: for a rule's description."""
    text = text.strip().replace("\r\n", "\n")
    return Cut(visible_lines(text[:longest]), max(0, len(text) - longest))


def pretty(value: Any, longest: int) -> Cut:
    """A value as indented JSON of at most `longest` characters.

    Long texts, long lists and deep nesting inside it are cut first, each with a mark of how
    much is missing, so that one huge field does not hide the others.
    """
    text = json.dumps(_bounded(value, 0), indent=2, ensure_ascii=False, default=str)
    # Surrogates and the like become JSON's own escapes: the text stays valid JSON.
    text = "\n".join(json_text(line) for line in text.split("\n"))
    return Cut(text[:longest], max(0, len(text) - longest))


def _bounded(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, Mapping | list | tuple):
        return _inside(value, depth) if depth < _DEEPEST else "[nested deeper: not shown]"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4096:
        return fields.number(value)
    return value


def _inside(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
    more = len(value) - _MOST_ITEMS
    if isinstance(value, Mapping):
        kept = list(value.items())[:_MOST_ITEMS]
        shown = {_short(str(key)): _bounded(item, depth + 1) for key, item in kept}
        return shown | ({"…": f"[{more:,} more fields cut]"} if more > 0 else {})
    items = [_bounded(item, depth + 1) for item in value[:_MOST_ITEMS]]
    return items + ([f"… [{more:,} more values cut]"] if more > 0 else [])


def _short(text: str) -> str:
    more = len(text) - _LONGEST_VALUE
    return f"{text[:_LONGEST_VALUE]}… [{more:,} more characters cut]" if more > 0 else text
