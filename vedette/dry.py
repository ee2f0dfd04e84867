"""A run that writes nothing: alerts go to standard output, checkpoints to memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from engine.ports import Alert, Checkpoint, StateStore, Written
from engine.run import MemoryState
from vedette.output.summary import Summary
from vedette.output.writers import Writer


class DrySink:
    """Shows each alert once, stores none; the summary is shown when it is closed.

    One for all pipelines: only one of their threads writes at a time.
    """

    def __init__(self, writer: Writer, summary: Summary) -> None:
        self._writer = writer
        self._summary = summary
        self._shown: set[str] = set()
        self._lock = Lock()  # hunts write beside the sources
        self._closed = False

    def prepare(self) -> None:
        """Create nothing."""

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Show those not yet shown."""
        written = Written()
        with self._lock:
            for alert in alerts:
                if alert.id in self._shown:
                    written.existing += 1
                else:
                    self._shown.add(alert.id)
                    self._summary.add(alert.document)
                    self._writer.alert(alert.document)
                    written.created += 1
                    written.created_ids.append(alert.id)
        return written

    def close(self) -> None:
        """End the output, once."""
        if not self._closed:
            self._closed = True
            self._writer.close(self._summary)


class DryState:
    """Reads the real checkpoints, and keeps what would be committed to itself."""

    def __init__(self, real: StateStore) -> None:
        self._real = real
        self._own = MemoryState()

    def load(self, name: str) -> Checkpoint | None:
        """The checkpoint of this run, else the stored one."""
        return self._own.load(name) or self._real.load(name)

    def occurrences(self, name: str, hashes: Iterable[str]) -> dict[str, int]:
        """Totals of this run, else the stored ones."""
        wanted = list(hashes)
        return {**self._real.occurrences(name, wanted), **self._own.occurrences(name, wanted)}

    def commit(
        self, name: str, checkpoint: Checkpoint | None, occurrences: Mapping[str, int]
    ) -> None:
        """Remember, for this run only."""
        self._own.commit(name, checkpoint, occurrences)

    def claim(self, names: Iterable[str], token: int) -> None:
        """Take nothing away from whoever really works on it."""

    def close(self) -> None:
        """Close the real store."""
        self._real.close()
