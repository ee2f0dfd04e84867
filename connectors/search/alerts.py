"""Alerts that are stored in a cluster, to be read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from connectors.search.names import alerts_alias, checked_namespace
from connectors.search.port import SearchClient
from connectors.search.records import documents
from connectors.search.retry import Retry
from engine.errors import SinkError
from engine.ports import Document

PAGE = 500
"""Alerts that are read at a time: each may carry events."""

ID = "vedette.alert.id"
BY_ID = [{ID: {"order": "asc", "unmapped_type": "keyword"}}]
BY_TIME = [
    {"@timestamp": {"order": "asc", "unmapped_type": "date", "numeric_type": "date"}},
    *BY_ID,
]


class ClusterAlerts:
    """The `Alerts` of a cluster, behind the alias of a namespace, as of the last refresh."""

    def __init__(
        self, client: SearchClient, namespace: str = "default", *, retry: Retry | None = None
    ) -> None:
        self.client, self.retry = client, retry or client.retry
        self.alias = alerts_alias(checked_namespace(namespace))

    def find(self, id: str, most: int = 2) -> list[Document]:
        """The alerts whose id begins so."""
        query = {"prefix": {ID: {"value": id}}}
        return list(islice(self._read(query, BY_ID, most), most))

    def written(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Document]:
        """Those written from one time to another."""
        limits = {"gte": since, "lt": until}
        asked = {key: each.astimezone(UTC).isoformat() for key, each in limits.items() if each}
        query = {"range": {"@timestamp": asked}} if asked else {"match_all": {}}
        return self._read(query, BY_TIME, PAGE)

    def _read(self, query: Mapping[str, Any], sort: list[Any], size: int) -> Iterator[Document]:
        return documents(
            self.client, self.alias, query, sort, size, self.retry, refresh=False, error=SinkError
        )

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
