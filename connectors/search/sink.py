"""Alerts into monthly indices behind one alias, each id at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.search import codec
from connectors.search.client import error_of
from connectors.search.defaults import now, unheard
from connectors.search.names import DEAD_LETTER, alerts_alias, alerts_index, checked_namespace
from connectors.search.port import TRANSIENT, RequestError, SearchClient
from connectors.search.reduce import STEPS, text
from connectors.search.retry import Patience, Retry, told_as
from connectors.search.template import alerts_template, dead_letter_index
from engine.errors import Problem, Report, SinkError
from engine.ports import Alert, Written

MAX_BULK_BYTES = 5 * 1024 * 1024
MAX_BULK_ALERTS = 500
MAX_DEAD_TEXT = 100_000
"""Characters of a dead letter's document when the whole is too large for the server."""

NOT_THE_DOCUMENT = frozenset(
    {"index_closed_exception", "validation_exception", "invalid_index_name_exception"}
)
"""Refusals with status 400 that another document would meet as well."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert on its way: the form now tried, as bulk lines, and why earlier forms failed."""

    alert: Alert
    index: str
    step: int
    lines: bytes
    error: str = ""


class AlertSink:
    """A `Sink` over a cluster.

    `op_type=create` makes a second write of an id a proof of the first (409). Alerts that the
    cluster refuses for their content are tried in the forms of `reduce`, then kept in
    `vedette-dead-letter-<namespace>`. Problems reported: `alert-reduced`, `alert-dead`.
    """

    def __init__(
        self,
        client: SearchClient,
        namespace: str = "default",
        *,
        clock: Callable[[], datetime] = now,
        report: Report = unheard,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.namespace = client, checked_namespace(namespace)
        self.clock, self.report, self.retry = clock, report, retry or Retry()
        self.alias = alerts_alias(namespace)
        self.dead_letters = DEAD_LETTER + namespace
        self._prepared = False
        self._ready: set[str] = set()

    def prepare(self) -> None:
        """Put the template in place and create this month's index. Raises `SinkError`."""
        with told_as(SinkError, f"cannot prepare {self.alias!r}"):
            body = alerts_template(self.namespace, self.client.flattened)
            self.retry.call(lambda: self.client.put_index_template(self.alias, body))
            self._prepared = True
            self._ensure(alerts_index(self.namespace, self.clock(), self.clock()))

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Store alerts; an id already stored counts as existing. Raises `SinkError`.

        `created_ids` may lack an id whose first attempt was stored while its answer was lost.
        """
        written = Written()
        if alerts and not self._prepared:
            self.prepare()
        with told_as(SinkError, f"cannot write to {self.alias!r}"):
            for group in groups([self._entry(alert) for alert in alerts]):
                for index in {entry.index for entry in group}:
                    self._ensure(index)
                self._store(group, written)
        return written

    def _ensure(self, index: str, body: Mapping[str, Any] | None = None) -> None:
        """Create an index once; left to the server it might get another template's shape."""
        if index not in self._ready:
            self.retry.call(lambda: self.client.create_index(index, body))
            self._ready.add(index)

    def _entry(self, alert: Alert) -> Entry:
        """An alert in its full form, or the fullest that JSON can hold."""
        index = alerts_index(self.namespace, alert.anchor_time, self.clock())
        try:
            return Entry(alert, index, 0, lines_of(index, alert.id, alert.document))
        except ValueError as error:
            return self._reduced(Entry(alert, index, 0, b"", str(error)))

    def _reduced(self, entry: Entry) -> Entry:
        """The alert's next form; step beyond `STEPS` when there is none."""
        step = entry.step
        while step < len(STEPS):
            form = STEPS[step](entry.alert.document, entry.error)
            step += 1
            try:
                lines = lines_of(entry.index, entry.alert.id, form)
            except ValueError:
                continue
            return Entry(entry.alert, entry.index, step, lines, entry.error)
        return Entry(entry.alert, entry.index, len(STEPS) + 1, b"", entry.error)

    def _store(self, entries: list[Entry], written: Written) -> None:
        """Write until each entry is stored or dead."""
        patience = Patience(self.retry)
        while entries:
            for entry in [entry for entry in entries if entry.step > len(STEPS)]:
                self._bury(entry, written)
            entries = [entry for entry in entries if entry.step <= len(STEPS)]
            if not entries:
                return
            try:
                answer = self.client.bulk(b"".join(entry.lines for entry in entries))
            except RequestError as error:
                if error.status != 413:
                    patience.wait(error) if error.transient else self._give_up(error)
                elif len(entries) > 1:
                    half = len(entries) // 2
                    self._store(entries[:half], written)
                    entries = entries[half:]
                else:
                    entries = [self._refused(entries[0], str(error))]
                continue
            entries = self._outcome(entries, answer, written, patience)

    @staticmethod
    def _give_up(error: RequestError) -> None:
        raise error

    def _outcome(
        self,
        entries: list[Entry],
        answer: Mapping[str, Any],
        written: Written,
        patience: Patience,
    ) -> list[Entry]:
        """Count what was stored; give back what must be sent again."""
        again: list[Entry] = []
        busy: RequestError | None = None
        items = [item["create"] for item in answer["items"]]
        if len(items) != len(entries):
            raise RequestError(self.client.host, 500, "bulk_error", "the answer lacks items")
        for entry, item in zip(entries, items, strict=True):
            status = int(item["status"])
            if status < 300:
                written.created += 1
                written.created_ids.append(entry.alert.id)
                if entry.step:
                    self._tell("alert-reduced", entry)
                continue
            if status == 409:
                written.existing += 1
                continue
            error = error_of(self.client.host, status, item)
            if status in TRANSIENT:
                busy = error
                again.append(entry)
            elif status == 400 and error.kind not in NOT_THE_DOCUMENT:
                again.append(self._refused(entry, f"{error.kind}: {error.reason}"))
            else:
                raise error
        if busy:
            patience.wait(busy)
        return again

    def _refused(self, entry: Entry, error: str) -> Entry:
        """The next form of an alert that the cluster has refused for its content."""
        return self._reduced(
            Entry(entry.alert, entry.index, entry.step, entry.lines, entry.error or error)
        )

    def _bury(self, entry: Entry, written: Written) -> None:
        """Keep an alert that no form of could be stored."""
        self._ensure(self.dead_letters, dead_letter_index())
        letter = {
            "@timestamp": self.clock().astimezone(UTC).isoformat(),
            "alert_id": entry.alert.id,
            "index": entry.index,
            "error": entry.error,
            "document": text(entry.alert.document),
        }
        try:
            self._create_letter(letter)
        except RequestError as error:
            if error.status != 413:
                raise
            self._create_letter({**letter, "document": letter["document"][:MAX_DEAD_TEXT]})
        written.dead += 1
        self._tell("alert-dead", entry)

    def _create_letter(self, letter: dict[str, Any]) -> None:
        try:
            self.retry.call(
                lambda: self.client.index(
                    self.dead_letters, letter["alert_id"], letter, create=True
                )
            )
        except RequestError as error:
            if error.status != 409:
                raise

    def _tell(self, kind: str, entry: Entry) -> None:
        where = "stored without indexing its event" if kind == "alert-reduced" else "not stored"
        self.report(Problem(kind, f"alert {entry.alert.id} is {where}: {entry.error}", entry.index))

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def lines_of(index: str, id: str, document: Mapping[str, Any]) -> bytes:
    """The two lines that create a document. Raises ValueError for what JSON cannot hold."""
    action = codec.dumps({"create": {"_index": index, "_id": id}})
    return action + b"\n" + codec.dumps(document) + b"\n"


def groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries in order, in groups of bounded bytes and number."""
    group: list[Entry] = []
    size = 0
    for entry in entries:
        if group and (size + len(entry.lines) > MAX_BULK_BYTES or len(group) >= MAX_BULK_ALERTS):
            yield group
            group, size = [], 0
        group.append(entry)
        size += len(entry.lines)
    if group:
        yield group
