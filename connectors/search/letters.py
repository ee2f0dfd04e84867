"""Dead letters of the cluster, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.search.names import DEAD_LETTER, checked_namespace
from connectors.search.port import SearchClient
from connectors.search.records import documents
from connectors.search.retry import Retry
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
        self.client, self.retry = client, retry or client.retry
        self.index = DEAD_LETTER + checked_namespace(namespace)

    def letters(self) -> Iterator[Letter]:
        """Every letter, first written first. Raises `StateError`."""
        query: Mapping[str, object] = {"match_all": {}}
        for source in documents(self.client, self.index, query, SORT, PAGE, self.retry):
            yield letter_of(
                str(source["alert_id"]),
                parse_time(source.get("@timestamp")),
                str(source.get("error") or ""),
                source.get("document"),
            )

    def close(self) -> None:
        """Let go of nothing: the client belongs to whoever connected it."""
