"""The distinct values that the documents of a window have, and in how many of them each stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.search.decidable import Column
from connectors.search.pace import Pace
from connectors.search.paging import Window, search
from connectors.search.port import RequestError
from connectors.search.retry import Retry
from connectors.search.view import View, hit_time

INDICES = 1000
"""Indices of one window, at most."""

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Values:
    """What a column has in a window: how many documents each value is in.

    `others` is how often values stand there that are not listed; 0 where all are. `whole` is False
    where documents have the text of the column, and the column has nothing of it.
    """

    counts: Mapping[Value, int]
    others: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Extent:
    """How many documents a window has, and in which indices they lie; None: in too many.

    All lie between two times (epoch ms), the first of which is that of one; None where these are
    not known.
    """

    total: int
    indices: tuple[str, ...] | None
    first: int | None = None
    last: int | None = None


def extent(view: View, window: Window) -> Extent | None:
    """One search; None where there is no index. Raises as `paging.pages` does."""
    questions = {
        "in": {"terms": {"field": "_index", "size": INDICES}},
        "last": {"max": {"field": window.cursor}},
    }
    answer = _asked(view, window, questions)
    if not answer.get("_shards", {}).get("total", 1):
        return None
    found, hits = answer.get("aggregations", {}), answer["hits"]
    held = found.get("in", {})
    names = tuple(sorted(str(one["key"]) for one in held.get("buckets", ())))
    whole = not held.get("sum_other_doc_count")
    first = hit_time(hits["hits"][0]) if hits["hits"] else None
    last = found.get("last", {}).get("value")
    return Extent(
        int(hits["total"]["value"]), names if whole else None, first,
        None if last is None else int(last),
    )  # fmt: skip


def once(view: View) -> Retry:
    """How to ask what is asked to save time."""
    return replace(view.retry, limit=0)


def distinct(
    view: View, window: Window, columns: Sequence[Column], most: int
) -> dict[Column, Values]:
    """The values of some columns, of each the `most` that are in most documents.

    One search; two of half the columns where a server takes that for too much, and so on.
    Raises as `paging.pages` does.
    """
    if not columns:
        return {}
    asked = dict(_questions(columns, most))
    try:
        found = _asked(view, window, asked).get("aggregations", {})
    except RequestError as error:
        if len(columns) == 1 or not too_much(error):
            raise
        half = len(columns) // 2
        return {
            **distinct(view, window, columns[:half], most),
            **distinct(view, window, columns[half:], most),
        }
    return {column: _values(column, found, number) for number, column in enumerate(columns)}


def too_much(error: RequestError) -> bool:
    """Whether a server refuses so many buckets at a time."""
    return "too_many_buckets" in f"{error.kind} {error.reason}" or "circuit_breaking" in error.kind


def _questions(columns: Sequence[Column], most: int) -> Iterator[tuple[str, Any]]:
    for number, column in enumerate(columns):
        yield f"v{number}", {"terms": {"field": column.name, "size": most}}
        if column.name != column.path:
            # a field below another may have been added when documents were there already
            there, marked = {"exists": {"field": column.path}}, {"_ignored": [column.name]}
            without = [{"exists": {"field": column.name}}, {"terms": marked}]
            yield f"w{number}", {"filter": {"bool": {"filter": [there], "must_not": without}}}


def _values(column: Column, found: Mapping[str, Any], number: int) -> Values:
    held = found[f"v{number}"]
    counts: dict[Value, int] = {}
    for one in held["buckets"]:
        key = one["key"]
        counts[bool(key) if column.shape == "boolean" else key] = int(one["doc_count"])
    missing = found.get(f"w{number}", {}).get("doc_count", 0)
    return Values(counts, int(held["sum_other_doc_count"]), not missing)


def identified(
    view: View, window: Window, clause: Mapping[str, Any], most: int
) -> list[str] | None:
    """The ids of the documents of a window that meet a clause; None where they are more.

    One search. Raises as `paging.pages` does.
    """
    answer = _asked(view, replace(window, sieve=clause), {}, most)
    if int(answer["hits"]["total"]["value"]) > most:
        return None
    return sorted({str(hit["_id"]) for hit in answer["hits"]["hits"]})


def _asked(
    view: View, window: Window, questions: Mapping[str, Any], hits: int = 1
) -> Mapping[str, Any]:
    """An answer of figures, and some hits without their documents."""
    body = {
        "query": window.clauses(),
        # OpenSearch, asked for no hit or no total, says that it has ended early
        "track_total_hits": True,
        "sort": window.sort(),
        "_source": False,
        **({"aggs": questions} if questions else {}),
    }
    pace = Pace(hits, first=hits)
    answer, _ = search(view.client, body, view.pit, pace, window.keep_alive, once(view))
    return answer
