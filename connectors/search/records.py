"""Documents of an index of our own, to which is only ever added, read from first to last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.search.paging import check_whole
from connectors.search.port import SearchClient
from connectors.search.retry import Retry, told_as
from engine.errors import SourceError, StateError, VedetteError


def documents(
    client: SearchClient,
    index: str,
    query: Mapping[str, Any],
    sort: Sequence[Any],
    size: int,
    retry: Retry,
    *,
    refresh: bool = True,
    error: type[VedetteError] = StateError,
) -> Iterator[Mapping[str, Any]]:
    """The sources that meet a query in the order of `sort`, `size` at a time.

    Includes all that was written before, or with `refresh` off what was at the last one. Raises
    `error`.
    """
    after: Sequence[Any] | None = None
    with told_as(error, f"cannot read {index!r}"):
        if refresh:
            retry.call(lambda: client.refresh(index))
        while True:
            body = {
                "query": query, "sort": sort, "size": size,
                **({"search_after": after} if after else {}),
            }  # fmt: skip
            hits = _hits(client, index, body, retry, error)
            for hit in hits:
                yield hit["_source"]
            if len(hits) < size:
                return
            after = hits[-1]["sort"]


def _hits(
    client: SearchClient,
    index: str,
    body: Mapping[str, Any],
    retry: Retry,
    error: type[VedetteError],
) -> Sequence[Mapping[str, Any]]:
    answer = retry.call(lambda: client.search(body, index))
    try:
        check_whole(client.host, answer)
    except SourceError as partial:
        raise error(f"cannot read {index!r}: {partial}") from partial
    hits: Sequence[Mapping[str, Any]] = answer["hits"]["hits"]
    return hits
