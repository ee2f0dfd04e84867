"""How many events an entity has in a window, and how many it had in those just before."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeAlias


class Volume(NamedTuple):
    """How many `events` an entity has in the window `number`, counted from 1970 in widths of it.

    `before` are the counts of the windows just before, the oldest first; there are few where the
    entity was not known for long. `quiet` says how many windows directly before had no event,
    however many: the last of `before` are these.
    """

    entity: Hashable
    number: int
    events: int
    before: tuple[int, ...] = ()
    quiet: int = 0


Volumes: TypeAlias = Sequence[Volume]
