"""The wish to end, which a signal handler can utter at any moment."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Stop:
    """Like `threading.Event`, but `set` takes no lock.

    A handler runs in the middle of whatever the main thread does: were that the event's own
    `wait`, holding its lock, `set` would wait for it forever. Putting into a `SimpleQueue` is
    documented to be safe there.
    """

    def __init__(self) -> None:
        self._set = False
        self._wake: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wish to end, and wake who waits."""
        self._set = True
        self._wake.put(None)

    def wake(self) -> None:
        """Wake who waits, without a wish to end."""
        self._wake.put(None)

    def is_set(self) -> bool:
        """Whether the end is wished for."""
        return self._set

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds at most, or until woken; tells `is_set`."""
        if not self._set:
            try:
                self._wake.get(timeout=max(0.0, timeout))
            except Empty:
                return self._set
        return self._set
