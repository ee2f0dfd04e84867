"""Counts of every combination of values, by composite aggregations paged to their end.

A `terms` aggregation gives the largest buckets and cuts the rest without a word; this one does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.search.paging import TOO_MUCH, Window, check_whole, point_in_time
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Patience, Retry
from engine.hunt.row import Ask, Bucket

PAGE = 2000
"""Buckets asked for at a time."""

MOST = 1_000_000
"""Buckets of one answer; with more, events are read instead, which takes no more memory."""


def counted(
    client: SearchClient, window: Window, ask: Ask, fields: Mapping[str, str], retry: Retry
) -> list[Bucket] | None:
    """The buckets of a window; None when they are more than `MOST`.

    Raises `RequestError`, and `SourceError` for an answer that is not whole.
    """
    found: list[Bucket] = []
    with point_in_time(client, window, retry) as pit:
        if pit is None:
            return found
        size, after = PAGE, None
        while True:
            body = _body(window, ask, fields, size, after)
            answer, size = _asked(client, body, pit, size, window.keep_alive, retry)
            groups = (answer.get("aggregations") or {}).get("groups") or {}
            buckets = groups.get("buckets") or []
            found.extend(_bucket(bucket, ask) for bucket in buckets)
            after = groups.get("after_key")
            if after is None or not buckets:
                return found
            if len(found) > MOST:
                return None


def _body(
    window: Window, ask: Ask, fields: Mapping[str, str], size: int, after: Any
) -> dict[str, Any]:
    sources: list[dict[str, Any]] = [
        {f"f{place}": {"terms": {"field": fields[name]}}} for place, name in enumerate(ask.fields)
    ]
    if ask.interval is not None:
        every = f"{ask.interval // 1000}ms"
        histogram: dict[str, Any] = {"field": window.cursor, "fixed_interval": every}
        if not sources:
            # Buckets of time alone are counted by ranges on OpenSearch, which fails (seen on 3.6.0,
            # array_index_out_of_bounds) on a page that begins after the last event of a segment,
            # so on the page that ends it. Asked for those without a time as well it does not. The
            # window has none of these.
            histogram["missing_bucket"] = True
        sources.append({"t": {"date_histogram": histogram}})
    measures: dict[str, Any] = {}
    if ask.number:
        measures["least"] = {"min": {"field": fields[ask.number]}}
        measures["most"] = {"max": {"field": fields[ask.number]}}
    if ask.last:
        measures["last"] = {"max": {"field": window.cursor}}
    composite: dict[str, Any] = {"size": size, "sources": sources}
    if after is not None:
        composite["after"] = after
    groups: dict[str, Any] = {"composite": composite}
    if measures:
        groups["aggs"] = measures
    return {
        "size": 0,
        "track_total_hits": False,
        "query": window.clauses(),
        "aggs": {"groups": groups},
    }


def _asked(
    client: SearchClient, body: dict[str, Any], pit: list[str], size: int, keep_alive: str,
    retry: Retry,
) -> tuple[Mapping[str, Any], int]:  # fmt: skip
    """One whole page and the page size that worked; a cluster under pressure is asked for less."""
    patience = Patience(retry)
    while True:
        body["aggs"]["groups"]["composite"]["size"] = size
        try:
            answer = client.search({**body, "pit": {"id": pit[0], "keep_alive": keep_alive}})
        except RequestError as error:
            smaller = error.status in TOO_MUCH or any(
                word in error.kind for word in ("circuit_breaking", "too_many_buckets")
            )
            if not error.transient and not smaller:
                raise
            if smaller:
                size = max(1, size // 2)
            patience.wait(error)
            continue
        pit[0] = answer.get("pit_id") or pit[0]
        # OpenSearch says so of every search for no hits: it ends the search for hits alone, and
        # the counts are of all documents (seen on 3.6.0). Nothing here asks to end early.
        check_whole(client.host, {**answer, "terminated_early": False})
        return answer, size


def _bucket(bucket: Mapping[str, Any], ask: Ask) -> Bucket:
    key = bucket["key"]

    def measured(name: str) -> float | None:
        value = (bucket.get(name) or {}).get("value")
        return None if value is None else float(value)

    last = measured("last")
    return Bucket(
        values=tuple(key[f"f{place}"] for place in range(len(ask.fields))),
        count=int(bucket["doc_count"]),
        start=int(key["t"]) * 1000 if ask.interval is not None else None,
        least=measured("least"),
        most=measured("most"),
        last=None if last is None else int(last) * 1000,
    )
