"""What a run held back before, out of the actions stream, for whoever evaluates a window again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.correlate.value import micros
from engine.moment import parse_time
from engine.tune.action import SUPPRESSED, projected


@dataclass(frozen=True, slots=True)
class Earlier:
    """A suppression window that held something back: whose, from when on (microseconds), how long,
    the fields with their values, and the alert that passed."""

    source: str
    rule: str
    key: tuple[tuple[str, str], ...]
    start: int
    span: int
    alert: str


def earlier(
    documents: Iterable[Mapping[str, Any]], start: datetime, end: datetime
) -> Iterator[Earlier]:
    """The windows of suppression that reach into a time, as actions tell them.

    An alert is held back up to a span before its window as well, where events came out of order.
    What cannot be read is left out: it says less, and nothing else.
    """
    for document in projected(documents):
        found = _window(document) if document.get("kind") == SUPPRESSED else None
        if found is None:
            continue
        if found.start - found.span < micros(end) and found.start + found.span > micros(start):
            yield found


def _window(document: Mapping[str, Any]) -> Earlier | None:
    rule, window, alert = document.get("rule"), document.get("window"), document.get("alert")
    if not isinstance(rule, Mapping) or not isinstance(window, Mapping) or not alert:
        return None
    since, until = parse_time(window.get("start")), parse_time(window.get("end"))
    if since is None or until is None or until <= since:
        return None
    pairs = [each for each in document.get("key") or () if isinstance(each, Mapping)]
    key = tuple((str(each.get("field")), str(each.get("value"))) for each in pairs)
    span = micros(until) - micros(since)
    source = str(document.get("source") or "")
    return Earlier(source, str(rule.get("id")), key, micros(since), span, str(alert))
