"""YAML rule files read with limits, and the line that an error belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sigma.exceptions import (
    SigmaConditionError,
    SigmaDetectionError,
    SigmaLevelError,
    SigmaLogsourceError,
    SigmaModifierError,
    SigmaStatusError,
)
from sigma.modifiers import modifier_mapping
from sigma.rule.base import SigmaYAMLLoader

from engine.errors import RuleError, nearest_name

MAX_BYTES = 1 << 20
MAX_ALIASES = 64
"""A rule file larger than this, or with more YAML aliases, is refused unread."""

_ANCHOR = re.compile(r"(?m)(^|[\s\[,:{-])&\w")
_KEYS: tuple[tuple[type[Exception], str], ...] = (
    (SigmaConditionError, "condition"),
    (SigmaLogsourceError, "logsource"),
    (SigmaLevelError, "level"),
    (SigmaStatusError, "status"),
    (SigmaDetectionError, "detection"),
)


@dataclass(frozen=True, slots=True)
class Documents:
    """The YAML documents of one file, with its text to find lines in."""

    file: str
    text: str
    items: list[Any]

    def titled(self, title: str) -> dict[str, Any]:
        """The document with a title, as written; the only one when there is just one."""
        for item in self.items:
            if isinstance(item, dict) and item.get("title") == title:
                return item
        return self.items[0] if self.items and isinstance(self.items[0], dict) else {}


def read_documents(file: Path) -> Documents:
    """Read a rule file. Raises `RuleError` with the line when it is no safe YAML text."""
    name = str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror or error}", file=name) from error
    if len(raw) > MAX_BYTES:
        raise RuleError(f"is {len(raw)} bytes long", file=name, expected=f"at most {MAX_BYTES}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RuleError("is not UTF-8 text", file=name, line=line) from error
    try:
        _limit_aliases(text, name)
        items = [item for item in yaml.load_all(text, Loader=SigmaYAMLLoader) if item is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        place = mark.line + 1 if mark else None
        raise RuleError(f"is not YAML: {reason}", file=name, line=place) from error
    except RecursionError as error:
        raise RuleError("is nested too deeply", file=name) from error
    except ValueError as error:  # a date such as 2026-13-45, or a duplicate key
        raise RuleError(f"is not YAML: {error}", file=name) from error
    if not items:
        raise RuleError("is empty", file=name, expected="a Sigma rule")
    return Documents(name, text, items)


def _limit_aliases(text: str, name: str) -> None:
    if not _ANCHOR.search(text):
        return
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    if sum(isinstance(event, yaml.AliasEvent) for event in events) > MAX_ALIASES:
        raise RuleError("has too many YAML aliases", file=name, expected=f"at most {MAX_ALIASES}")


def blame(error: Exception, documents: Documents, title: str | None) -> RuleError:
    """A rule's error with its file, line and, for a misspelt modifier, the nearest one."""
    reason = _reason(error)
    nearest = None
    key = next((key for kind, key in _KEYS if isinstance(error, kind)), None)
    pattern = rf"^\s*(- )?{key}\s*:" if key else None
    if isinstance(error, SigmaModifierError) and (found := re.search(r"modifier '?(\w+)", reason)):
        nearest = nearest_name(found[1], modifier_mapping)
        pattern, key = rf"\|{re.escape(found[1])}\b", "detection"
    line = _line(documents.text, pattern, title)
    field = key if key else None
    if title and len(documents.items) > 1:
        reason = f"{title}: {reason}"
    return RuleError(reason, file=documents.file, line=line, field=field, nearest=nearest)


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    if isinstance(error, KeyError):
        text = f"lacks {text}"
    return text.replace("\n", " ")


def _line(text: str, pattern: str | None, title: str | None) -> int | None:
    """The first line that a pattern fits, below the title's own line when that is known."""
    lines = text.splitlines()
    start = 0
    if title:
        named = (i for i, line in enumerate(lines) if line.startswith("title:") and title in line)
        start = next(named, 0)
    if pattern is None:
        return start + 1
    fits = re.compile(pattern)
    after = (i for i in range(start, len(lines)) if fits.search(lines[i]))
    anywhere = (i for i, line in enumerate(lines) if fits.search(line))
    return next(after, next(anywhere, start)) + 1
