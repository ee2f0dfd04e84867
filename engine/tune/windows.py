"""Suppression windows: after an alert, those of the same key are held back for a time.

Alerts of one key that pass are at least a span apart in the time of their events: one is held
back when an alert that passed lies less than a span before it, or, where events come out of
order, after it. What is decided depends on the order in which a source brings its events and on
nothing else, so a batch that is read again is decided again in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_WINDOWS = 20_000
"""Windows of one source; the oldest are let go of, after which a key may alert again."""


@dataclass(slots=True)
class Window:
    """From the event of an alert that passed, `span` microseconds on; times are since 1970.

    `count` alerts were held back, whose events lie between `first` and `last`.
    """

    start: int
    span: int
    alert: str
    count: int = 0
    first: int = 0
    last: int = 0

    def hold(self, time: int) -> None:
        """Count one more."""
        self.first = min(self.first, time) if self.count else time
        self.last = max(self.last, time) if self.count else time
        self.count += 1


class Windows:
    """The windows of one source, by key.

    One is forgotten once the latest event is more than `lateness` (microseconds) past its end:
    an event that late may alert once more. Without it, as in a hunt, none is.
    """

    def __init__(self, lateness: int | None, most: int = MAX_WINDOWS) -> None:
        self.lateness, self.most = lateness, most
        self.latest = 0
        self.evicted = 0
        self._keys: dict[str, list[Window]] = {}
        self._total = 0

    def held(self, key: str, span: int, time: int, alert: str) -> Window | None:
        """The window that holds an alert back, which counts it; None when there is none.

        The alert that opened a window and is met again, as after a crash, is not held back.
        """
        self.latest = max(self.latest, time)
        windows = [window for window in self._keys.get(key, ()) if not self._over(window)]
        if any(window.alert == alert for window in windows):
            return None
        windows.sort(key=lambda window: window.start)
        covering = [window for window in windows if abs(time - window.start) < span]
        if not covering:
            return None
        before = [window for window in covering if window.start <= time]
        found = before[-1] if before else covering[0]
        found.hold(time)
        return found

    def open(self, key: str, span: int, time: int, alert: str) -> None:
        """Begin a window with an alert that passes."""
        known = self._keys.get(key, [])
        windows = [window for window in known if not self._over(window)]
        if any(window.alert == alert for window in windows):
            return
        self._total += 1 + len(windows) - len(known)
        # put at the end, so that the keys are in the order of their last alerts
        self._keys.pop(key, None)
        self._keys[key] = [*windows, Window(time, span, alert)]
        if self._total > self.most:
            self._shrink()

    def _over(self, window: Window) -> bool:
        return (
            self.lateness is not None and window.start + window.span + self.lateness < self.latest
        )

    def _shrink(self) -> None:
        """Forget what is over and, where that is not enough, the keys that alerted first."""
        for key, windows in list(self._keys.items()):
            left = [window for window in windows if not self._over(window)]
            self._total -= len(windows) - len(left)
            if left:
                self._keys[key] = left
            else:
                del self._keys[key]
        while self._total > self.most - self.most // 10:
            windows = self._keys.pop(next(iter(self._keys)))
            self._total -= len(windows)
            self.evicted += len(windows)

    def __iter__(self) -> Iterator[tuple[str, Window]]:
        return ((key, window) for key, windows in self._keys.items() for window in windows)

    def save(self) -> list[Any]:
        """What is still of use, as JSON values."""
        kept = [
            [key, w.start, w.span, w.alert, w.count, w.first, w.last]
            for key, w in self
            if not self._over(w)
        ]
        return [self.latest, kept]

    def restore(self, saved: Iterable[Any]) -> None:
        """Go on from there."""
        self.latest, kept = saved
        self._keys.clear()
        for key, *values in kept:
            self._keys.setdefault(key, []).append(Window(*values))
        self._total = len(kept)
