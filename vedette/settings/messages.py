"""Pydantic's errors in the house's words: file, line, field, what was expected, nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from engine.errors import SettingsError, nearest_name
from vedette.settings.fields import Path, dotted, known_names, without_tags
from vedette.settings.invalid import INVALID, kind
from vedette.settings.layers import Layer, Origin
from vedette.settings.model import Settings
from vedette.settings.patterns import EXPECTED

WRONG_KIND = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}
WRONG_VALUE = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "bool_parsing": "true or false",
}
"""By pydantic's error type. Only kinds of value that hold no secret are shown."""


def settings_errors(error: ValidationError, layer: Layer) -> Iterator[SettingsError]:
    """Yield one error for each of pydantic's; those about the whole (`find_conflicts`) not."""
    for detail in error.errors(include_url=False):
        # A list whose items are all wrong counts as empty too; its items say it better.
        again = detail["type"] == "too_short" and detail["input"]
        if detail["loc"] and not again:
            yield _error(dict(detail), layer)


def settings_error(
    path: Path,
    origin: Origin | None,
    message: str,
    expected: str | None = None,
    nearest: str | None = None,
) -> SettingsError:
    """An error about a field, told where its value came from (a file's line or a variable)."""
    return SettingsError(
        message,
        file=origin.where if origin else None,
        line=origin.line if origin else None,
        field=dotted(path),
        expected=expected,
        nearest=nearest,
    )


def _error(detail: dict[str, Any], layer: Layer) -> SettingsError:
    location: Path = detail["loc"]
    path = without_tags(location, layer.tree, Settings)
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        known = known_names(Settings, location[:-1])
        nearest = nearest_name(str(path[-1]), known)
        expected = None if nearest else "one of " + ", ".join(known)
        return settings_error(path, layer.origin(path), "unknown key", expected, nearest)
    if detail["type"] == "union_tag_not_found":
        expected = "search or folder"
        return settings_error(
            (*path, "type"), layer.origin(path), "required key is missing", expected
        )
    if detail["type"] == "union_tag_invalid":
        path, detail = (*path, "type"), {**detail, "input": context["tag"]}
        context = {"expected": context["expected_tags"]}
    message, expected, nearest = _words(detail, context)
    return settings_error(path, layer.origin(path), message, expected, nearest)


def _words(detail: dict[str, Any], context: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Message, what was expected, and the nearest choice."""
    name, value = detail["type"], detail["input"]
    if name == INVALID:
        return context["message"], context["expected"], None
    if name == "missing":
        return "required key is missing", None, None
    if name in WRONG_KIND:
        hint = " (put it in quotes)" if name == "string_type" and _is_plain(value) else ""
        return f"is {kind(value)}", WRONG_KIND[name] + hint, None
    if name in WRONG_VALUE:
        if not isinstance(value, str | int | float):
            return f"is {kind(value)}", WRONG_VALUE[name], None
        return f"{_show(value)} is not valid", WRONG_VALUE[name], None
    if name in ("literal_error", "union_tag_invalid"):
        choices = _quoted(context["expected"])
        message = f"{_show(value)} is not valid" if _is_shown(value) else f"is {kind(value)}"
        return message, _either(choices), nearest_name(str(value), choices)
    return _limits(name, value, context) or (detail["msg"], None, None)


def _limits(
    name: str, value: Any, context: dict[str, Any]
) -> tuple[str, str | None, str | None] | None:
    if name == "string_pattern_mismatch":
        return f"{_show(value)} is not valid", EXPECTED[context["pattern"]], None
    if name in ("string_too_short", "too_short"):
        return "is empty", "text" if isinstance(value, str) else "at least one item", None
    if name == "greater_than_equal":
        return f"{_show(value)} is too small", f"at least {context['ge']}", None
    if name == "less_than_equal":
        return f"{_show(value)} is too large", f"at most {context['le']}", None
    return None


def _is_plain(value: object) -> bool:
    return not isinstance(value, str | dict | list | None)


def _is_shown(value: object) -> bool:
    return isinstance(value, str | int | float)


def _show(value: object) -> str:
    """The value, cut short; `repr` escapes control and bidirectional characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text) or re.findall(r"\d+", text)


def _either(choices: list[str]) -> str:
    return ", ".join(choices[:-1]) + f" or {choices[-1]}" if len(choices) > 1 else choices[0]
