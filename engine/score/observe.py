"""What models are told of an event: slow and obvious, the reference for `quick.py`."""

from __future__ import annotations

from typing import Any

from engine.entities import FIELDS
from engine.event import TIMES, Event
from models.bundle.observation import FIELDS as LOOKED_AT
from models.bundle.observation import Observation
from models.prepare.privacy import Privacy

ENTITY = ("host.name", "user.name", "source.ip")
"""Who an event is about: the first of these that it names."""


READ = LOOKED_AT | TIMES | frozenset(name for field in ENTITY for name in FIELDS[field])
"""All fields of an event that matter here."""


def observation(event: Event, privacy: Privacy | None = None) -> Observation | None:
    """What models look at in an event; None where it has no time."""
    time = event.time
    if time is None:
        return None
    return Observation(entity(event), time.timestamp(), looked_at(event, privacy))


def looked_at(event: Event, privacy: Privacy | None = None) -> dict[str, Any]:
    """The fields that say what kind an event is, without what `privacy` hides in the event."""
    found = event.fields if privacy is None else privacy.apply(event.fields)
    return {name: found[name] for name in LOOKED_AT if name in found}


def named(field: str) -> tuple[str, ...]:
    """The names that a field goes by in events."""
    return FIELDS.get(field, (field,))


def entity_by(event: Event, field: str, otherwise: str) -> str:
    """What a field of an event names, `otherwise` where it names nothing."""
    value = event.first(*named(field))
    return otherwise if value in (None, "", "-") else f"{field}={str(value).lower()}"


def entity(event: Event) -> str:
    """The host an event is about, else the user, else the address, else where it was read from."""
    for name in ENTITY:
        value = event.first(*FIELDS[name])
        if value not in (None, "", "-"):
            return f"{name}={str(value).lower()}"
    return f"origin={event.record.origin}"
