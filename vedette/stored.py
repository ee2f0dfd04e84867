"""What a store has, opened to be looked at: its alerts, and what people did about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.search import ClusterAlerts, SearchClient
from connectors.sqlite import SqliteAlerts
from engine.errors import InputError
from engine.ports import Actions, Alerts, Document
from vedette.places import open_actions, store_client
from vedette.settings import Settings

SHORTEST = 6
"""Characters of an id that can stand for the whole."""
SHOWN = 5
"""Ids named where several begin alike."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The alerts and the actions of the configured store, and where that is, in words."""

    alerts: Alerts
    actions: Actions
    place: str


@contextmanager
def opened(settings: Settings) -> Iterator[Stored]:
    """The configured store, as long as the block goes on. Raises what connecting raises."""
    client = store_client(settings)
    alerts = alerts_of(settings, client)
    actions = open_actions(settings, client, lambda: datetime.now(UTC))
    place = str(settings.output.sqlite) if client is None else f"the cluster {client.host}"
    try:
        yield Stored(alerts, actions, place)
    finally:
        alerts.close()
        actions.close()
        if client is not None:
            client.close()


def alerts_of(settings: Settings, client: SearchClient | None) -> Alerts:
    """The stored alerts."""
    if client is not None:
        return ClusterAlerts(client, settings.namespace)
    return SqliteAlerts(settings.output.sqlite)


def the_alert(alerts: Alerts, id: str, place: str | Path) -> Document:
    """The one alert whose id begins so. Raises `InputError` where there is none, or several."""
    wanted = id.strip().lower()
    if len(wanted) < SHORTEST or not wanted.isascii() or not wanted.isalnum():
        raise InputError(f"{id!r} cannot be the id of an alert", field="ALERT_ID",
                         expected=f"at least {SHORTEST} of its 40 digits")  # fmt: skip
    found = alerts.find(wanted, SHOWN + 1)
    if not found:
        raise InputError(f"no alert has the id {id!r}", file=str(place), field="ALERT_ID")
    if len(found) > 1:
        raise InputError(f"{id!r} begins the ids of several alerts", field="ALERT_ID",
                         expected="one of " + ", ".join(map(id_of, found[:SHOWN])))  # fmt: skip
    return found[0]


def id_of(document: Document) -> str:
    """An alert's id; empty where it has none."""
    inner = document.get("vedette", {})
    own = inner.get("alert", {}) if isinstance(inner, dict) else {}
    return str(own.get("id", "")) if isinstance(own, dict) else ""
