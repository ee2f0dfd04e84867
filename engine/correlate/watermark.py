"""How far the order of time is certain: no source is expected to bring anything earlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NEVER = -(1 << 62)


@dataclass(slots=True)
class _Progress:
    latest: int | None
    heard: int


class Watermark:
    """The time before which every event counts as seen; it never goes back.

    It stays `lateness` behind the latest event of each source, the one that is behind the most;
    a source that has brought nothing for as long holds nobody up, and when all are so quiet,
    all that came is certain. Times are microseconds since 1970; `now` is the wall clock's.
    """

    def __init__(self, lateness: int) -> None:
        self.lateness = lateness
        self.value = NEVER
        self._sources: dict[str, _Progress] = {}

    def watch(self, names: Iterable[str], now: int) -> None:
        """These sources will be read."""
        for name in names:
            self._sources.setdefault(name, _Progress(None, now))

    def saw(self, name: str, latest: int | None, now: int) -> None:
        """A source brought events, the latest of that time (None: none of them has a time)."""
        known = self._sources.setdefault(name, _Progress(None, now))
        known.heard = now
        if latest is not None:
            known.latest = max(latest, NEVER if known.latest is None else known.latest)

    def moved(self, now: int) -> int:
        """Where it stands at a time of the wall clock."""
        active = [known for known in self._sources.values() if now - known.heard < self.lateness]
        times = [known.latest for known in active]
        certain = [time for time in times if time is not None]
        if not active:
            ends = [known.latest for known in self._sources.values() if known.latest is not None]
            if ends:
                self.value = max(self.value, max(ends) + 1)
        elif len(certain) == len(times):
            self.value = max(self.value, min(certain) - self.lateness)
        return self.value

    def save(self) -> dict[str, int | None]:
        """How far each source has come."""
        return {name: known.latest for name, known in self._sources.items()}

    def restore(self, value: int, latest: Mapping[str, int | None], now: int) -> None:
        """Go on from there."""
        self.value = value
        for name, time in latest.items():
            self._sources[name] = _Progress(time, now)
