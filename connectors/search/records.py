"""Documents of an index of our own, to which is only ever added, read from first to last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.search.paging import check_whole
from connectors.search.port import SearchClient
from connectors.search.retry import Retry, told_as
from engine.errors import SourceError, StateError


def documents(
    client: SearchClient,
    index: str,
    query: Mapping[str, Any],
    sort: Sequence[Any],
    size: int,
    retry: Retry,
) -> Iterator[Mapping[str, Any]]:
    """The sources that meet a query in the order of `sort`, `size` at a time.

    Includes all that was written before. Raises `StateError`.
    """
    after: Sequence[Any] | None = None
    with told_as(StateError, f"cannot read {index!r}"):
        retry.call(lambda: client.refresh(index))
        while True:
            body = {
                "query": query, "sort": sort, "size": size,
                **({"search_after": after} if after else {}),
            }  # fmt: skip
            hits = _hits(client, index, body, retry)
            for hit in hits:
                yield hit["_source"]
            if len(hits) < size:
                return
            after = hits[-1]["sort"]


def _hits(
    client: SearchClient, index: str, body: Mapping[str, Any], retry: Retry
) -> Sequence[Mapping[str, Any]]:
    answer = retry.call(lambda: client.search(body, index))
    try:
        check_whole(client.host, answer)
    except SourceError as error:
        raise StateError(f"cannot read {index!r}: {error}") from error
    hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
    return hits
