"""A store of incidents in memory, which fails or is interfered with when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from engine.moment import parse_time
from engine.ports import Document, Kept


class MemoryIncidents:
    """`Incidents` in a dictionary. `before` is called ahead of every record that is put."""

    def __init__(self) -> None:
        self.held: dict[str, Kept] = {}
        self.before: Callable[[Document], None] = lambda _: None
        self.puts = 0

    def prepare(self) -> None:
        pass

    def find(self, keys: Iterable[str], start: datetime, end: datetime) -> list[Kept]:
        wanted = set(keys)
        return [
            each
            for each in self.held.values()
            if wanted & set(each.document["keys"])
            and time(each.document["start"]) <= end
            and time(each.document["end"]) >= start
        ]

    def get(self, id: str) -> Kept | None:
        return self.held.get(id)

    def put(self, changes: Sequence[Kept]) -> list[str]:
        return [str(each.document["id"]) for each in changes if not self._put(each)]

    def _put(self, change: Kept) -> bool:
        document, version = change.document, change.version
        self.before(document)
        held = self.held.get(document["id"])
        if version != (held.version if held else None):
            return False
        self.puts += 1
        self.held[document["id"]] = Kept(document, self.puts)
        return True

    def all(self, since: datetime | None = None) -> Iterator[Document]:
        for each in list(self.held.values()):
            if since is None or time(each.document["end"]) >= since:
                yield each.document

    def close(self) -> None:
        pass


def time(text: str) -> datetime:
    found = parse_time(text)
    assert found is not None
    return found
