"""Alerts into monthly indices behind one alias, each id at most once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.search.client import error_of
from connectors.search.deadletter import DeadLetters
from connectors.search.defaults import now, unheard
from connectors.search.entry import MAX_BULK_ALERTS, MAX_BULK_BYTES, Entry, groups
from connectors.search.names import alerts_alias, alerts_index, checked_namespace
from connectors.search.pace import Pace
from connectors.search.port import TRANSIENT, RequestError, SearchClient
from connectors.search.retry import Patience, Retry, told_as
from connectors.search.template import alerts_template
from engine.errors import Problem, Report, SinkError
from engine.ports import Alert, Written

log = logging.getLogger(__name__)

NOT_THE_DOCUMENT = frozenset(
    {"index_closed_exception", "validation_exception", "invalid_index_name_exception"}
)
"""Refusals with status 400 that another document would meet as well."""


class AlertSink:
    """A `Sink` over a cluster.

    `op_type=create` makes a second write of an id a proof of the first (409). Alerts that the
    cluster refuses for their content are tried in the forms of `reduce`, then kept as
    `DeadLetters`. Problems reported: `alert-reduced`, `alert-dead`.
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
        self.clock, self.report, self.retry = clock, report, retry or client.retry
        self.alias = alerts_alias(namespace)
        self.dead_letters = DeadLetters(client, namespace, clock, self.retry)
        self.pace = Pace(MAX_BULK_ALERTS, first=MAX_BULK_ALERTS, aim=MAX_BULK_BYTES)
        self._prepared = False
        self._indices: set[str] = set()

    def prepare(self) -> None:
        """Put the template in place and create this month's index. Raises `SinkError`."""
        with told_as(SinkError, f"cannot prepare {self.alias!r}"):
            self._put_template()
            self._create(alerts_index(self.namespace, self.clock(), self.clock()))
        self._prepared = True

    def _put_template(self) -> None:
        """Put the template in place; who may not do that needs it made beforehand."""
        body = alerts_template(self.namespace, self.client.flattened)
        try:
            self.retry.call(lambda: self.client.put_index_template(self.alias, body))
        except RequestError as error:
            if error.status != 403:
                raise
            if not self.client.exists(self.alias):
                raise SinkError(
                    f"cannot prepare {self.alias!r}: {error}",
                    expected="`vedette setup` run once by somebody who may make templates",
                ) from error
            log.info("the template of %s is left as it is: this user may not write it", self.alias)

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Store alerts; an id already stored counts as existing. Raises `SinkError`.

        `created_ids` may lack an id whose first attempt was stored while its answer was lost.
        """
        written = Written()
        if alerts and not self._prepared:
            self.prepare()
        today = self.clock()
        with told_as(SinkError, f"cannot write to {self.alias!r}"):
            entries = (
                Entry.of(alert, alerts_index(self.namespace, alert.anchor_time, today))
                for alert in alerts
            )
            for group in groups(entries, lambda each: len(each.lines), lambda: self.pace.size):
                for index in {entry.index for entry in group}:
                    self._create(index)
                self._store(group, written)
        return written

    def _create(self, index: str) -> None:
        """Create an index once; left to the server it might get another template's shape."""
        if index not in self._indices:
            self.retry.call(lambda: self.client.create_index(index))
            self._indices.add(index)

    def _store(self, entries: list[Entry], written: Written) -> None:
        """Write until each entry is stored or dead, as many at a time as the cluster bears."""
        patience = Patience(self.retry)
        while entries:
            for entry in entries:
                if entry.dead:
                    self.dead_letters.bury(entry)
                    written.dead += 1
                    written.dead_ids.append(entry.alert.id)
                    self._tell("alert-dead", "not stored", entry)
            entries = [entry for entry in entries if not entry.dead]
            if entries:
                size = self.pace.size
                again = self._send(entries[:size], written, patience)
                entries = again + entries[size:]

    def _send(self, entries: list[Entry], written: Written, patience: Patience) -> list[Entry]:
        """One bulk request; gives back what must be sent again."""
        try:
            answer = self.client.bulk(b"".join(entry.lines for entry in entries))
        except RequestError as error:
            if error.status == 413 and len(entries) == 1:
                return [entries[0].refused(str(error))]
            if error.status in (413, 429):
                self.pace.refused(len(entries))
            if error.transient:
                patience.wait(error)
            elif error.status != 413:
                raise
            return entries
        return self._outcome(entries, answer, written, patience)

    def _outcome(
        self,
        entries: list[Entry],
        answer: Mapping[str, Any],
        written: Written,
        patience: Patience,
    ) -> list[Entry]:
        """Count what was stored; give back what must be sent again."""
        items = answer["items"]
        if len(items) != len(entries):
            raise RequestError(self.client.host, 500, "bulk_error", "the answer lacks items")
        again: list[Entry] = []
        busy: RequestError | None = None
        for entry, item in zip(entries, (item["create"] for item in items), strict=True):
            status = int(item["status"])
            if status < 300:
                self._stored(entry, written)
            elif status == 409:
                written.existing += 1
            else:
                error = error_of(self.client.host, status, item)
                again.append(self._again(entry, error))
                busy = error if error.transient else busy
        if busy:
            if busy.status == 429:
                self.pace.refused(len(entries))
            patience.wait(busy)
        else:
            patience.renew()
            weight = sum(len(entry.lines) for entry in entries)
            self.pace.answered(len(entries), len(entries), weight)
        return again

    def _stored(self, entry: Entry, written: Written) -> None:
        written.created += 1
        written.created_ids.append(entry.alert.id)
        if entry.step:
            self._tell("alert-reduced", "stored without indexing its event", entry)

    @staticmethod
    def _again(entry: Entry, error: RequestError) -> Entry:
        """What to send for a refused item. Raises what is not the document's fault."""
        if error.status in TRANSIENT:
            return entry
        if error.status == 400 and error.kind not in NOT_THE_DOCUMENT:
            return entry.refused(f"{error.kind}: {error.reason}")
        raise error

    def _tell(self, kind: str, what: str, entry: Entry) -> None:
        self.report(Problem(kind, f"alert {entry.alert.id} is {what}: {entry.error}", entry.index))

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
