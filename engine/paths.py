"""Where the fields that are read stand in documents, as patterns of paths.

`engine.normalise` finds a field in many places. Here they are turned round: of a document that
keeps no more than what these patterns match, the fields have the values that they had. (Of a name
that a document has twice, with dots and as objects, it may be the other one.) A pattern stands for
all below it, too; `*` is any characters of a key, `**` any keys.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.ecs import ECS, READ
from engine.normalise import ALIASES, WINLOGBEAT

WHOLE = ("Event", "event_data", "user_data", "winlog.user_data", "winlog.event_data.*.*",
         "MapDescription", "Payload", "logsource", "* *", "**.* *")  # fmt: skip
"""Envelopes that are kept whole, and keys with a space, which go by the name without it too."""

DATA = "winlog.event_data"
"""Where Winlogbeat and Elastic Agent have most of what rules read, and much that none does."""

SHAPE = ("winlog.channel", "ecs.version", "event.category", "agent.type")
"""What tells how the names of a document are meant."""

MOST = 1000
"""More patterns than this some servers refuse ("too complex to determinize")."""


def patterns(fields: Iterable[str]) -> tuple[str, ...] | None:
    """The paths of all places in which the values of some fields may stand.

    None for so many fields that a server might not take them.
    """
    named = set(fields)
    for name, others in ECS.items():
        if not named.isdisjoint(others):
            named.add(name)
    for table in (ALIASES, WINLOGBEAT):
        for name, others in table.items():
            named.update((name, *others))
    named |= READ
    inside = {f"{DATA}.{name}" for name in named if "." not in name}
    always = len(WHOLE) + len(SHAPE)
    if always + len(named) + len(inside) > MOST:
        inside = {DATA}
    if always + len(named) + len(inside) > MOST:
        return None
    return (*WHOLE, *SHAPE, *sorted(named | inside))
