"""What is tried with an alert that a cluster refuses to index, before it is a dead letter.

An attacker shapes the events that alerts carry: a key of 40 kB or an address that is an object
must not keep an alert out of the index. Each step gives up the indexing of more of the event's
part and keeps it as JSON text in `vedette.alert.source_raw`, which is stored and not indexed;
`vedette.alert.source_error` says why.
"""

from __future__ import annotations

from typing import Any

from connectors.search import codec

OWN = frozenset({"@timestamp", "ecs", "message", "event", "rule", "threat", "vedette"})
"""What Vedette writes itself; the rest of an alert is copied from the event."""


def without_source(document: dict[str, Any], error: str) -> dict[str, Any]:
    """The alert with its original events as text."""
    alert = dict(document.get("vedette", {}).get("alert", {}))
    events = alert.pop("source_events", None)
    alert["source_error"] = error[:1000]
    alert["source_raw"] = {"source_events": text(events)}
    return {**document, "vedette": {**document.get("vedette", {}), "alert": alert}}


def without_copies(document: dict[str, Any], error: str) -> dict[str, Any]:
    """The alert with only what Vedette wrote itself indexed."""
    reduced = without_source(document, error)
    copied = {key: value for key, value in reduced.items() if key not in OWN}
    reduced["vedette"]["alert"]["source_raw"]["fields"] = text(copied)
    return {key: value for key, value in reduced.items() if key in OWN}


def text(value: Any) -> str:
    """A value as JSON text, or as Python writes it when JSON cannot."""
    try:
        return codec.dumps(value).decode("utf-8")
    except ValueError:
        return repr(value)


STEPS = (without_source, without_copies)
