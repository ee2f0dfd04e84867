"""Query languages of the servers: ES|QL of Elasticsearch, PPL of OpenSearch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Retry
from engine.correlate.value import moment
from engine.errors import SourceError
from engine.hunt.model import Span
from engine.hunt.row import Table

ESQL_ROWS = 1000
"""Rows that ES|QL gives unless a query says LIMIT, and the most that it gives if it does."""
ESQL_MOST = 10_000
PPL_MOST = 10_000
"""Rows that PPL gives, by the setting `plugins.query.size_limit`."""

MISSING = frozenset({400, 403, 404, 405})
UNKNOWN = ("no handler found", "incorrect http method")
"""What a server says of a path that it does not know; `/_query` may seem the name of an index."""

_LIMIT = re.compile(r"\|\s*(?:limit|head)\s+(\d{1,9})\s*$", re.IGNORECASE)


def esql(client: SearchClient, text: str, span: Span, time_field: str, retry: Retry) -> Table:
    """The answer of an ES|QL query over the documents of a span. Raises `SourceError`."""
    if client.kind != "elasticsearch":
        raise SourceError(f"{client.host} is OpenSearch, which has no ES|QL; its language is PPL")
    limits = {"gte": span.start // 1000, "lt": span.end // 1000, "format": "epoch_millis"}
    body = {"query": text, "filter": {"range": {time_field: limits}}}
    answer = _asked(client, "/_query", body, "ES|QL", retry)
    if answer.get("is_partial"):
        raise SourceError(f"{client.host}: the answer of ES|QL is not whole")
    columns = tuple(str(column["name"]) for column in answer["columns"])
    rows = tuple(tuple(row) for row in answer["values"])
    return Table(columns, rows, _limit(text, len(rows), ESQL_ROWS, ESQL_MOST))


def ppl(client: SearchClient, text: str, span: Span, time_field: str, retry: Retry) -> Table:  # noqa: ARG001 # as esql
    """The answer of a PPL query; `{from}` and `{to}` in it become times. Raises `SourceError`."""
    if client.kind != "opensearch":
        raise SourceError(
            f"{client.host} is Elasticsearch, which has no PPL; its language is ES|QL"
        )
    filled = text.replace("{from}", _time(span.start)).replace("{to}", _time(span.end))
    answer = _asked(client, "/_plugins/_ppl", {"query": filled}, "PPL", retry)
    columns = tuple(str(column["name"]) for column in answer["schema"])
    rows = tuple(tuple(row) for row in answer["datarows"])
    return Table(columns, rows, _limit(text, len(rows), PPL_MOST, PPL_MOST))


def _time(micros: int) -> str:
    return moment(micros).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _limit(text: str, rows: int, usual: int, most: int) -> int | None:
    """The number of rows at which the server may have cut; a query's own limit is no cut."""
    own = _LIMIT.search(text)
    limit = usual if own is None else most
    return limit if rows >= limit else None


def _asked(
    client: SearchClient, path: str, body: Mapping[str, Any], language: str, retry: Retry
) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = retry.call(lambda: client.send("POST", path, body))
    except RequestError as error:
        if error.status in MISSING and any(word in str(error).lower() for word in UNKNOWN):
            raise SourceError(f"{client.host} has no {language}: it is not part of this server") \
                from error  # fmt: skip
        raise
    return answer
