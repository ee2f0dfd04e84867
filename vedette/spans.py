"""Spans of time as people say them."""

from __future__ import annotations

from datetime import timedelta

UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def words(span: timedelta) -> str:
    """`2d 4h`, `3m 20s`, `0s`: the two largest units, whole seconds."""
    left = int(abs(span.total_seconds()))
    parts: list[str] = []
    for name, size in UNITS:
        count, left = divmod(left, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count}{name}")
        elif parts:
            break
    return " ".join(parts[:2])
