"""The actions stream in a cluster: one index, to which documents are added and none is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.search.client import error_of
from connectors.search.defaults import now
from connectors.search.entry import lines_of
from connectors.search.names import ACTIONS, checked_namespace
from connectors.search.port import TRANSIENT, RequestError, SearchClient
from connectors.search.records import documents
from connectors.search.retry import Patience, Retry, told_as
from connectors.search.template import actions_template
from engine.errors import SinkError
from engine.ports import Action, Document

MOST = 500
"""Actions of one bulk request."""

PAGE = 5000
"""Actions that are read at a time."""

SORT = [{"id": {"order": "asc", "unmapped_type": "keyword"}}]
"""Ids are never changed or taken away, so pages need no frozen view."""


class ClusterActions:
    """The `Actions` of a cluster, in the index `vedette-actions-<namespace>`.

    `op_type=create` makes a second write of an id a proof of the first (409). Raises `SinkError`.
    """

    def __init__(
        self,
        client: SearchClient,
        namespace: str = "default",
        *,
        clock: Callable[[], datetime] = now,
        retry: Retry | None = None,
    ) -> None:
        self.client, self.clock, self.retry = client, clock, retry or client.retry
        self.index = ACTIONS + checked_namespace(namespace)
        self._created = False

    def record(self, actions: Sequence[Action]) -> None:
        """Add actions; an id that is there adds nothing."""
        with told_as(SinkError, f"cannot write to {self.index!r}"):
            if actions:
                self._ensure()
            for start in range(0, len(actions), MOST):
                self._send([self._line(action) for action in actions[start : start + MOST]])

    def _line(self, action: Action) -> bytes:
        return lines_of(self.index, action.id, {"id": action.id, **action.document})

    def _send(self, lines: list[bytes]) -> None:
        """Write until each line is stored, or was there already."""
        patience = Patience(self.retry)
        while lines:
            try:
                answer = self.client.bulk(b"".join(lines))
            except RequestError as error:
                if not error.transient:
                    raise
                patience.wait(error)
                continue
            lines, busy = self._left(lines, answer)
            if busy:
                patience.wait(busy)

    def _left(
        self, lines: list[bytes], answer: Mapping[str, Any]
    ) -> tuple[list[bytes], RequestError | None]:
        """What must be sent again, and why. Raises what waiting does not help."""
        again: list[bytes] = []
        busy: RequestError | None = None
        for line, item in zip(lines, (item["create"] for item in answer["items"]), strict=True):
            status = int(item["status"])
            if status < 300 or status == 409:
                continue
            error = error_of(self.client.host, status, item)
            if status not in TRANSIENT:
                raise error
            again.append(line)
            busy = error
        return again, busy

    def read(self, since: datetime | None = None, kind: str | None = None) -> Iterator[Document]:
        """The documents written since a time, of one kind or all, as of the last refresh."""
        limits: list[dict[str, Any]] = [{"term": {"kind": kind}}] if kind else []
        if since:
            limits.append({"range": {"@timestamp": {"gte": since.astimezone(UTC).isoformat()}}})
        query = {"bool": {"filter": limits}} if limits else {"match_all": {}}
        yield from documents(
            self.client, self.index, query, SORT, PAGE, self.retry, refresh=False, error=SinkError
        )

    def _ensure(self) -> None:
        if not self._created:
            self._put_template()
            self.retry.call(lambda: self.client.create_index(self.index))
            self._created = True

    def _put_template(self) -> None:
        """Put the template in place; who may not do that needs the index made beforehand."""
        body = actions_template(self.index)
        try:
            self.retry.call(lambda: self.client.put_index_template(self.index, body))
        except RequestError as error:
            if error.status != 403:
                raise
            if not self.client.exists(self.index):
                raise SinkError(
                    f"cannot prepare {self.index!r}: {error}",
                    expected="`vedette setup` run once by somebody who may make templates",
                ) from error

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
