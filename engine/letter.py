"""Alerts that a store refused for good, as they were kept instead."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from engine.moment import parse_time
from engine.ports import Alert


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: the alert's id, when and why it was kept.

    `alert` is None where what was kept is not a whole alert any more.
    """

    id: str
    time: datetime | None
    error: str
    alert: Alert | None

    def renewed(self, now: datetime) -> Alert | None:
        """The alert as it is to be written now: under the same id, with the time of writing."""
        if self.alert is None:
            return None
        time = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document = dict(self.alert.document)
        event = document.get("event")
        if isinstance(event, dict):
            document["event"] = {**event, "ingested": time}
        document["@timestamp"] = time
        return replace(self.alert, document=document)


class Letters(Protocol):
    """Where dead letters lie."""

    def letters(self) -> Iterable[Letter]:
        """Every letter, first written first. Raises `StateError`."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


def letter_of(
    identity: str, time: datetime | None, error: str, text: Any, anchor: datetime | None = None
) -> Letter:
    """A letter as it was stored; `text` is the alert as JSON, if it is.

    Without an anchor, the alert's own `original_time` is that: it chooses the index.
    """
    document: Any = None
    if isinstance(text, str):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict):
        return Letter(identity, time, error, None)
    own = document.get("vedette")
    own = own.get("alert") if isinstance(own, dict) else None
    if anchor is None and isinstance(own, dict):
        anchor = parse_time(own.get("original_time"))
    return Letter(identity, time, error, Alert(identity, anchor, document))
