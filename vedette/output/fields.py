"""Reading alert documents whose fields may be absent, of the wrong type, or hostile.

Nothing here raises on any JSON value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from vedette.output import levels

_MOST = 256
"""How many entries of one list are read; a document is not trusted to be short."""


def get(document: Any, path: str) -> Any:
    """The value at a dotted path, None when any step is missing or no object."""
    value = document
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def scalars(value: Any) -> Iterator[str]:
    """The texts in a scalar or a (nested) list of scalars; objects and nulls are passed over."""
    stack, seen = [value], 0
    while stack and seen < _MOST:
        item = stack.pop()
        seen += 1
        if isinstance(item, str):
            if item:
                yield item
        elif isinstance(item, bool):
            yield str(item).lower()
        elif isinstance(item, int | float):
            yield number(item)
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item[:_MOST]))


def number(value: int | float) -> str:
    """A number as text; an integer too long for Python to print is named by its size."""
    try:
        return str(value)
    except ValueError:  # CPython refuses to print integers of more than 4,300 digits
        return f"<{int(value).bit_length()}-bit integer>"


def text(document: Any, *paths: str) -> str:
    """The first text found at the first of `paths` that has one, else the empty string."""
    for path in paths:
        for found in scalars(get(document, path)):
            return found
    return ""


def texts(document: Any, path: str) -> list[str]:
    """All texts at a path, whether it holds one or a list."""
    return list(scalars(get(document, path)))


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list of objects, or the one object that stands for such a list."""
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list | tuple):
        return [item for item in value[:_MOST] if isinstance(item, Mapping)]
    return []


def level(document: Any) -> str:
    """The alert's level, always one of `levels.LEVELS`."""
    return levels.known(get(document, "vedette.alert.level"), get(document, "event.severity"))


def user(document: Any) -> str:
    r"""The alert's user as `DOMAIN\name`, or the name alone, or nothing."""
    name, domain = text(document, "user.name"), text(document, "user.domain")
    return f"{domain}\\{name}" if name and domain and "\\" not in name else name


def host(document: Any) -> str:
    """The name of the host, else its address."""
    return text(document, "host.name", "host.hostname", "host.ip")


def title(document: Any) -> str:
    """The rule's title."""
    return text(document, "rule.name", "message") or "(rule without a title)"


def original_time(document: Any) -> datetime | None:
    """When the event happened, in UTC; None when the event does not say."""
    return parse_time(get(document, "vedette.alert.original_time"))


def parse_time(value: Any) -> datetime | None:
    """An ISO 8601 time in UTC (a time without zone is taken as UTC), else None."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def stamp(when: datetime | None, missing: str = "") -> str:
    """A time as `2026-11-23 02:30:00` (UTC), to the second."""
    return when.strftime("%Y-%m-%d %H:%M:%S") if when else missing
