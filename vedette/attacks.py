"""Stretches of time of an entity that verdicts called an attack: nothing to learn as normal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from engine.errors import InputError
from engine.moment import parse_time

MOST = 64 << 20
"""Bytes of a file of verdicts."""


@dataclass(slots=True)
class Attacks:
    """When whom: seconds since 1970, with a margin on either side."""

    spans: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, margin: float) -> Self:
        """What `vedette feedback export` wrote; only what was judged true counts.

        `margin` is in seconds. `InputError` names the line that is none of it.
        """
        try:
            if path.stat().st_size > MOST:
                raise InputError("is too large", file=str(path), expected=f"at most {MOST} bytes")
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no UTF-8"
            raise InputError(f"cannot be read: {reason}", file=str(path)) from error
        return cls.of(
            (_line(text, str(path), number) for number, text in enumerate(lines, 1) if text),
            margin,
        )

    @classmethod
    def of(cls, exported: Iterable[dict[str, Any]], margin: float) -> Self:
        """The attacks among exported verdicts; one without a time says nothing."""
        made = cls()
        for each in exported:
            subject = each["subject"]
            first = parse_time(subject.get("start") or subject.get("time"))
            last = parse_time(subject.get("end")) or first
            if each["verdict"] == "true" and first and last:
                span = (first.timestamp() - margin, last.timestamp() + margin)
                made.spans.setdefault(str(subject.get("entity")), []).append(span)
        return made

    def has(self, entity: str, time: float) -> bool:
        """Whether an event of an entity lies in one of them."""
        return any(first <= time <= last for first, last in self.spans.get(entity, ()))


def _line(text: str, file: str, line: int) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("is no JSON", file=file, line=line) from error
    if not isinstance(found, dict) or not isinstance(found.get("subject"), dict):
        raise InputError("is no verdict", file=file, line=line, field="subject",
                         expected="what `vedette feedback export` writes")  # fmt: skip
    return {"verdict": found.get("verdict"), "subject": found["subject"]}
