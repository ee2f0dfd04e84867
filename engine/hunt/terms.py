"""Terms that were seen, and when last: hashes of bounded number, for the state of a hunt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

HOUR = 3_600_000_000

LIMIT = 100_000
"""Terms of one hunt; beyond that those seen longest ago are forgotten."""


class Terms:
    """A set of terms with the hour in which each was seen last."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._seen: dict[str, int] = {}
        self.lost = 0
        """How many were forgotten for want of room."""

    @classmethod
    def restored(cls, saved: Any, limit: int = LIMIT) -> Terms:
        """The terms that were saved; none when nothing was."""
        terms = cls(limit)
        if isinstance(saved, Mapping):
            for hour, names in saved.items():
                for name in names if isinstance(names, list) else ():
                    terms._seen[str(name)] = int(hour)
        return terms

    def save(self) -> dict[str, list[str]]:
        """The terms as JSON values, by the hour in which each was seen last."""
        saved: dict[str, list[str]] = {}
        for name, hour in sorted(self._seen.items()):
            saved.setdefault(str(hour), []).append(name)
        return saved

    def see(self, term: Sequence[str], time: int) -> None:
        """A term was seen at a time, in microseconds."""
        name, hour = _name(term), time // HOUR
        self._seen[name] = max(hour, self._seen.get(name, hour))
        if len(self._seen) > self._limit + self._limit // 10:
            self._make_room()

    def _make_room(self) -> None:
        kept = sorted(self._seen.items(), key=lambda item: (-item[1], item[0]))[: self._limit]
        self.lost += len(self._seen) - len(kept)
        self._seen = dict(kept)

    def forget_before(self, time: int) -> None:
        """Forget what was seen last before the hour of a time."""
        hour = time // HOUR
        self._seen = {name: seen for name, seen in self._seen.items() if seen >= hour}

    def __contains__(self, term: Sequence[str]) -> bool:
        return _name(term) in self._seen

    def __len__(self) -> int:
        return len(self._seen)


def _name(term: Sequence[str]) -> str:
    text = "\x1f".join(term).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]
