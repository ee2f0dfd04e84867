"""The incidents of a run: where they are kept, and the sink that puts alerts into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from connectors.search import ClusterIncidents, SearchClient
from connectors.sqlite import SqliteIncidents
from engine.errors import InputError, Report
from engine.incident.finding import finding_of
from engine.incident.gather import Story, ranked
from engine.incident.keep import Gathered, Keeper
from engine.incident.rank import Rarity
from engine.incident.record import incident_of
from engine.incident.step import Proposes
from engine.incident.words import chain
from engine.moment import parse_time
from engine.ports import Document, Incidents, Sink
from vedette import settings as config

SHORTEST = 6
"""Characters of an id that name an incident, if no other begins with them."""


def open_incidents(settings: config.Settings, client: SearchClient | None) -> Incidents:
    """Where incidents are kept: beside the alerts. Nothing is written yet."""
    if settings.store == "cluster" and client is not None:
        return ClusterIncidents(client, settings.namespace)
    return SqliteIncidents(settings.output.sqlite)


def gathered(
    inner: Sink,
    settings: config.Settings,
    client: SearchClient | None,
    report: Report,
    clock: Callable[[], datetime],
    proposes: Proposes | None = None,
) -> Gathered:
    """A sink that puts into incidents what another one stores."""
    keeper = Keeper(open_incidents(settings, client), settings.namespace, clock)
    return Gathered(inner, keeper, report, proposes)


def stories(store: Incidents, since: datetime | None = None, *, merged: bool = False
            ) -> list[Story]:  # fmt: skip
    """The incidents that ended at or after a time, ranked anew among each other.

    Those that became part of others are left out, unless `merged`.
    """
    found = [incident_of(document) for document in store.all(since)]
    rarity = Rarity.of(found)
    return ranked([each for each in found if merged or each.merged_into is None], rarity)


def one(store: Incidents, identity: str) -> Story:
    """The incident of an id, or of the first characters of one. Raises `InputError`."""
    every = stories(store, merged=True)
    found = [story for story in every if story.incident.id.startswith(identity.lower())]
    if len(identity) < SHORTEST or len(found) != 1:
        what = f"{len(found)} incidents have" if found else "no incident has"
        raise InputError(
            f"{what} an id that begins with {identity!r}",
            field="ID",
            expected=f"an id, or its first {SHORTEST} characters or more",
        )
    return found[0]


@contextmanager
def opened(settings: config.Settings) -> Iterator[Incidents]:
    """The configured store, to be read."""
    from vedette.places import store_client

    client = store_client(settings)
    store = open_incidents(settings, client)
    try:
        yield store
    finally:
        store.close()
        if client is not None:
            client.close()


def changed(store: Incidents, since: datetime) -> list[Story]:
    """The incidents to which anything came since a time, whenever that happened, ranked."""
    told = list(store.all())
    found = [incident_of(document) for document in told]
    rarity = Rarity.of(found)
    late = [incident for incident, document in zip(found, told, strict=True)
            if (time := parse_time(document.get("@timestamp"))) is not None and time >= since
            and incident.merged_into is None]  # fmt: skip
    return ranked(late, rarity)


def of_alert(store: Incidents, document: Document) -> list[str]:
    """The incidents that an alert is part of, each in one line."""
    finding = finding_of(document)
    if finding is None:
        return []
    keys = [str(entity) for entity in finding.entities]
    found = []
    for kept in store.find(keys, finding.start, finding.end):
        incident = incident_of(kept.document)
        if finding.id in incident.seen and incident.merged_into is None:
            name = f"{kept.document.get('title')} ({incident.id[:12]})"
            tactics = ", ".join(chain(incident)) or "no tactic"
            found.append(f"{name}: {incident.level}, {incident.findings:,} alerts; {tactics}")
    return found
