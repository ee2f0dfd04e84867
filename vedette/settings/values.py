"""Kinds of value that several sections share: paths, whole numbers, host URLs, start times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from vedette.settings.durations import format_duration, parse_duration
from vedette.settings.invalid import invalid, kind
from vedette.settings.patterns import LINE


def parse_path(value: object, info: ValidationInfo) -> Path:
    """A path; `~/` is the home folder, a relative one starts at the context's `folder`."""
    if isinstance(value, Path):
        path = value
    elif not isinstance(value, str):
        raise invalid(f"is {kind(value)}", "a path")
    elif not value or "\0" in value:
        raise invalid("is empty" if not value else "holds a NUL character", "a path")
    else:
        path = Path(value)
    return resolve_path(path, context=info.context or {})


def resolve_path(path: str | Path, *, context: Mapping[str, Any]) -> Path:
    """The path from the context's `folder` and `home` (without them: as the process has them)."""
    path = Path(path)
    if path.parts[:1] == ("~",):
        path = Path(context.get("home") or Path.home()).joinpath(*path.parts[1:])
    return Path(context.get("folder") or "") / path


FilePath = Annotated[
    Path,
    PlainValidator(parse_path),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]


def no_bool(value: object) -> object:
    """Let `true` not pass for 1, and digits from the environment pass for a number."""
    if isinstance(value, bool):
        raise invalid("is true or false", "a whole number")
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,9}", value):
        return int(value)
    return value


WholeNumber = Annotated[int, BeforeValidator(no_bool)]

Line = Annotated[str, Field(pattern=LINE)]


def check_host(url: str) -> str:
    """A cluster's URL without credentials; a closing slash is dropped.

    The URL is not repeated in any error: a password in it would be printed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise invalid("is not a URL", "a URL such as https://localhost:9200") from None
    if "@" in url:
        raise invalid(
            "the URL holds credentials", "a URL without them, and 'username' and 'password' beside"
        )
    plain = re.fullmatch(r"[!-~]+", url) and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not plain:
        raise invalid("is not a cluster's URL", "a URL such as https://localhost:9200")
    return url.rstrip("/")


HostUrl = Annotated[
    str,
    AfterValidator(check_host),
    Field(json_schema_extra={"format": "uri", "pattern": "^https?://[^@\\s]+$"}),
]


def check_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as 64 lower-case hexadecimal digits; colons are dropped."""
    digits = text.replace(":", "").lower()
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise invalid("is not a fingerprint", "the SHA-256 of a certificate, 64 hexadecimal digits")
    return digits


Fingerprint = Annotated[str, AfterValidator(check_fingerprint)]

START = "'all', 'now', a duration such as 24h, or a time such as 2026-01-31T08:00:00Z"


def parse_start(value: object) -> Literal["all", "now"] | timedelta | datetime:
    """Where a source starts the first time; a time without a zone is taken as UTC."""
    if value == "all" or value == "now":
        return value
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        value = _time(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str) and not value[:1].isdigit():
        raise invalid(f"{value[:40]!r} is not a start", START)
    return parse_duration(value)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text[:40]!r} is not a time", START) from None


def format_start(value: str | timedelta | datetime) -> str:
    """The start as it is written in a file."""
    if isinstance(value, timedelta):
        return format_duration(value)
    return value.isoformat() if isinstance(value, datetime) else value


Start = Annotated[
    Literal["all", "now"] | timedelta | datetime,
    PlainValidator(parse_start),
    PlainSerializer(format_start, return_type=str),
    WithJsonSchema({"type": ["string", "number"]}),
]
