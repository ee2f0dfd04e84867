"""A document of a cluster that nobody had to parse."""

from __future__ import annotations

from engine.ports import Unread


class UnreadHit(Unread):
    """A hit that was looked at and can match nothing; parsed only when somebody asks."""

    __slots__ = ("id", "index")
    line = None

    def __init__(self, raw: bytes, origin: str, id: str, index: str) -> None:
        put = object.__setattr__  # a record is frozen
        put(self, "raw", raw)
        put(self, "origin", origin)
        put(self, "id", id)
        put(self, "index", index)
