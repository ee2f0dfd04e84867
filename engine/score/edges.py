"""What an event adds to the graph of its window: who did something with what, as edges.

Names are as alerts have them (`engine.entities`), in lower case, programs by the names of their
files. A host is where edges to addresses begin, so that one that many clients reach is expected to
be reached by new ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.entities import entities
from engine.event import Event
from engine.ports import Record
from models.graph.edge import Edge, Graph, known
from models.prepare.privacy import Privacy

USER_HOST, HOST_CLIENT, HOST_SERVER = "user-host", "host-client", "host-server"
PROGRAM_START, USER_PROGRAM = "program-start", "user-program"


def edges(event: Event, privacy: Privacy | None = None) -> Graph:
    """The edges of an event, without what `privacy` hides in it; none where it says too little."""
    if privacy is not None:
        # without its document, which has what is hidden
        event = Event(Record({}, event.record.origin), privacy.apply(event.fields))
    return tuple(known(edge) for edge in _edges(entities(event)))


def _edges(found: Mapping[str, Any]) -> Iterator[Edge]:
    host, user = _name(found, "host", "name"), _name(found, "user", "name")
    process = found.get("process", {})
    program = _file(process.get("executable"))
    parent = _file(process.get("parent", {}).get("executable"))
    ends = (
        (USER_HOST, user, host),
        (HOST_CLIENT, host, _name(found, "source", "ip")),
        (HOST_SERVER, host, _name(found, "destination", "ip")),
        (PROGRAM_START, parent, program),
        (USER_PROGRAM, user, program),
    )
    return (Edge(kind, one, other) for kind, one, other in ends if one and other)


def _name(found: Mapping[str, Any], thing: str, part: str) -> str:
    return str(found.get(thing, {}).get(part, "")).lower()


def _file(path: Any) -> str:
    return re.split(r"[\\/]", str(path or ""))[-1].lower()
