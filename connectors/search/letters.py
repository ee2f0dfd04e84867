"""Dead letters of the cluster, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.search.names import DEAD_LETTER, checked_namespace
from connectors.search.paging import check_whole
from connectors.search.port import SearchClient
from connectors.search.retry import Retry, told_as
from engine.errors import SourceError, StateError
from engine.letter import Letter, letter_of
from engine.moment import parse_time

PAGE = 100
SORT = [
    {"@timestamp": {"order": "asc", "unmapped_type": "date", "numeric_type": "date"}},
    {"alert_id": {"order": "asc", "unmapped_type": "keyword"}},
]


class ClusterLetters:
    """The index `vedette-dead-letter-<namespace>`, from the first letter to the last."""

    def __init__(
        self, client: SearchClient, namespace: str = "default", *, retry: Retry | None = None
    ) -> None:
        self.client, self.retry = client, retry or Retry()
        self.index = DEAD_LETTER + checked_namespace(namespace)

    def letters(self) -> Iterator[Letter]:
        """Every letter, first written first. Raises `StateError`."""
        after: Sequence[Any] | None = None
        with told_as(StateError, f"cannot read {self.index!r}"):
            self.retry.call(lambda: self.client.refresh(self.index))
            while True:
                body: dict[str, Any] = {"query": {"match_all": {}}, "sort": SORT, "size": PAGE}
                if after:
                    body["search_after"] = after
                hits = self._hits(body)
                for hit in hits:
                    source = hit["_source"]
                    yield letter_of(
                        str(source["alert_id"]),
                        parse_time(source.get("@timestamp")),
                        str(source.get("error") or ""),
                        source.get("document"),
                    )
                if len(hits) < PAGE:
                    return
                after = hits[-1]["sort"]

    def _hits(self, body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        answer = self.retry.call(lambda: self.client.search(body, self.index))
        try:
            check_whole(self.client.host, answer)
        except SourceError as error:
            raise StateError(f"cannot read {self.index!r}: {error}") from error
        hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
        return hits

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
