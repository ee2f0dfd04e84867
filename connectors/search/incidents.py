"""Incidents in a cluster: one index, whose documents are replaced only by who has read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.search.names import INCIDENTS, checked_namespace
from connectors.search.paging import check_whole
from connectors.search.port import SearchClient
from connectors.search.records import documents
from connectors.search.replace import replace
from connectors.search.retry import Retry, told_as
from connectors.search.template import incidents_index
from engine.errors import SinkError
from engine.ports import Document, Kept

AT_ONCE = 1000
"""Keys of one question."""
MOST = 1000
"""Incidents that one question may find, those that ended last."""
PAGE = 500
SORT = [{"id": {"order": "asc", "unmapped_type": "keyword"}}]


class ClusterIncidents:
    """`Incidents` in the index `vedette-incidents-<namespace>`.

    A replacement names the version that it replaces (`if_seq_no`). What is searched for is made
    searchable first, so that a batch finds what the one before it wrote. Raises `SinkError`.
    """

    def __init__(
        self, client: SearchClient, namespace: str = "default", *, retry: Retry | None = None
    ) -> None:
        self.client, self.retry = client, retry or client.retry
        self.index = INCIDENTS + checked_namespace(namespace)
        self._created = False

    def prepare(self) -> None:
        """Create the index unless it is there."""
        if not self._created:
            with told_as(SinkError, f"cannot create {self.index!r}"):
                self.retry.call(lambda: self.client.create_index(self.index, incidents_index()))
            self._created = True

    def find(self, keys: Iterable[str], start: datetime, end: datetime) -> list[Kept]:
        """Those about any of some entities that overlap a time."""
        self.prepare()
        wanted, found = sorted(set(keys)), dict[str, Kept]()
        with told_as(SinkError, f"cannot read {self.index!r}"):
            self.retry.call(lambda: self.client.refresh(self.index))
            for at in range(0, len(wanted), AT_ONCE):
                for hit in self._hits(wanted[at : at + AT_ONCE], start, end):
                    found[hit["_id"]] = _kept(hit)
        return [found[identity] for identity in sorted(found)]

    def _hits(
        self, keys: Sequence[str], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        body = {
            "query": {
                "bool": {
                    "filter": [
                        {"terms": {"keys": keys}},
                        {"range": {"start": {"lte": _text(end)}}},
                        {"range": {"end": {"gte": _text(start)}}},
                    ]
                }
            },
            "sort": [{"end": {"order": "desc"}}],
            "size": MOST,
            "seq_no_primary_term": True,
        }
        answer = self.retry.call(lambda: self.client.search(body, self.index))
        check_whole(self.client.host, answer)
        hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
        return hits

    def get(self, id: str) -> Kept | None:
        """One by its id."""
        with told_as(SinkError, f"cannot read {self.index!r}"):
            found = self.retry.call(lambda: self.client.get(self.index, id))
        return _kept(found) if found else None

    def put(self, changes: Sequence[Kept]) -> list[str]:
        """Store records in the place of the versions that were read, in as few requests as bear it.

        One that is refused keeps none of the others from being stored.
        """
        self.prepare()
        with told_as(SinkError, f"cannot write to {self.index!r}"):
            return replace(self.client, self.index, changes, self.retry)

    def all(self, since: datetime | None = None) -> Iterator[Document]:
        """Those that ended at or after a time."""
        query: Mapping[str, Any] = {"match_all": {}}
        if since:
            query = {"range": {"end": {"gte": _text(since)}}}
        yield from documents(
            self.client, self.index, query, SORT, PAGE, self.retry, error=SinkError
        )

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""


def _kept(found: Mapping[str, Any]) -> Kept:
    return Kept(found["_source"], (found["_seq_no"], found["_primary_term"]))


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
