"""The operations of `SearchClient` over one `request` method; the servers differ in little."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.search import answer as answers
from connectors.search import codec
from connectors.search.port import Kind, RequestError
from connectors.search.retry import Retry

LENIENT = {"ignore_unavailable": "true", "allow_no_indices": "true", "expand_wildcards": "open"}
"""A pattern may name what does not exist yet."""

Read = Callable[[bytes], Any]
"""What decodes an answer; raises ValueError."""

UNEXPLAINED = {
    401: "the user, password, API key or client certificate is not accepted",
    403: "this user may not do that",
}
"""What a status means, where a server says no more."""


class HttpClient(ABC):
    """What Elasticsearch and OpenSearch have in common; subclasses add the transport."""

    kind: Kind
    host: str
    flattened: str
    tiebreak: Sequence[str]
    pit_path: str
    retry = Retry()

    @abstractmethod
    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        read: Read = codec.loads,
    ) -> Any:
        """Do one request and give the decoded answer (a bool for HEAD). Raises `RequestError`.

        `read` decodes it; errors are decoded whole.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    def send(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Do one request with a JSON body."""
        body = None if document is None else codec.dumps(document)
        return self.request(method, path, params, body)

    def info(self) -> Mapping[str, Any]:
        """What the server says of itself (`GET /`)."""
        answer: Mapping[str, Any] = self.send("GET", "/")
        return answer

    def close_pit(self, pit: str) -> None:
        """Close a point in time; one already gone is no error."""
        try:
            self.send("DELETE", self.pit_path, self.pit_body(pit))
        except RequestError as error:
            if error.status != 404:
                raise

    @abstractmethod
    def pit_body(self, pit: str) -> Mapping[str, Any]:
        """The body that closes a point in time."""

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        """Search, without accepting partial results.

        `index` is None with a point in time; then the documents of hits are JSON text.
        """
        params = {"allow_partial_search_results": "false", **(LENIENT if index else {})}
        path = f"/{part(index)}/_search" if index else "/_search"
        read = codec.loads if index else answers.decode
        answer: Mapping[str, Any] = self.request("POST", path, params, codec.dumps(body), read=read)
        return answer

    def msearch(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited searches; each has an answer, or an error, of its own."""
        answer: Mapping[str, Any] = self.request(
            "POST", "/_msearch", None, body, "application/x-ndjson"
        )
        return answer

    def mget(self, documents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Documents by `_index`, `_id` and `routing`."""
        answer: Mapping[str, Any] = self.send("POST", "/_mget", {"docs": list(documents)})
        return answer

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        """The number of documents that a query finds; 0 when nothing matches the pattern."""
        answer = self.send("POST", f"/{part(index)}/_count", {"query": query}, LENIENT)
        if answer["_shards"]["failed"]:
            raise RequestError(self.host, 503, "partial_count", "not every shard has answered")
        return int(answer["count"])

    def field_caps(self, index: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """The types of fields by name: `{type: {"aggregatable": bool, …}}`; absent if unmapped."""
        params = {**LENIENT, "fields": ",".join(fields)}
        answer = self.send("GET", f"/{part(index)}/_field_caps", None, params)
        found: Mapping[str, Any] = answer["fields"]
        return found

    def bulk(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited bulk actions, which create."""
        answer: Mapping[str, Any] = self.request(
            "POST", "/_bulk", None, body, "application/x-ndjson"
        )
        return answer

    def bulk_replace(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited bulk actions, which also replace."""
        return self.bulk(body)

    def get(self, index: str, id: str) -> Mapping[str, Any] | None:
        """A document with `_source`, `_seq_no`, `_primary_term`; None when absent."""
        try:
            answer: Mapping[str, Any] = self.send("GET", f"/{part(index)}/_doc/{part(id)}")
        except RequestError as error:
            if error.status == 404:
                return None
            raise
        return answer if answer.get("found") else None

    def index(
        self,
        index: str,
        id: str,
        document: Mapping[str, Any],
        *,
        create: bool = False,
        if_seq_no: int | None = None,
        if_primary_term: int | None = None,
    ) -> Mapping[str, Any]:
        """Store a document; status 409 when it exists (`create`) or has been changed."""
        params: dict[str, Any] = {}
        if if_seq_no is not None:
            params = {"if_seq_no": if_seq_no, "if_primary_term": if_primary_term}
        operation = "_create" if create else "_doc"
        answer: Mapping[str, Any] = self.send(
            "PUT", f"/{part(index)}/{operation}/{part(id)}", document, params
        )
        return answer

    def put_index_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Create or replace a composable index template."""
        self.send("PUT", f"/_index_template/{part(name)}", body)

    def create_index(self, index: str, body: Mapping[str, Any] | None = None) -> bool:
        """Create an index; False when it was there already."""
        try:
            self.send("PUT", f"/{part(index)}", body or {})
        except RequestError as error:
            if error.kind == "resource_already_exists_exception":
                return False
            raise
        return True

    def exists(self, index: str) -> bool:
        """Whether an index, alias, stream or pattern names anything."""
        return bool(self.request("HEAD", f"/{part(index)}", {"allow_no_indices": "false"}))

    def refresh(self, index: str) -> None:
        """Make what was written findable."""
        self.send("POST", f"/{part(index)}/_refresh", None, LENIENT)


def decoded(host: str, data: bytes, read: Read) -> Any:
    """An answer, if it can be read; one that was cut off on its way may come whole next time."""
    try:
        return read(data) if data else None
    except ValueError as error:
        raise RequestError(host, 0, "SerializationError", str(error)) from error


def part(text: str) -> str:
    """One segment of a path, so that no name can reach into another API."""
    return quote(text, safe=",*")


def error_of(host: str, status: int, body: Any) -> RequestError:
    """The error that a cluster's answer tells, with the innermost reason it gives."""
    error = body.get("error") if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        silent = UNEXPLAINED.get(status, "no reason given")
        return RequestError(host, status, "error", str(error or silent))
    kind, reason = str(error.get("type", "error")), str(error.get("reason", ""))
    roots = error.get("root_cause")
    if kind == "search_phase_execution_exception" and isinstance(roots, list) and roots:
        kind, reason = str(roots[0].get("type", kind)), str(roots[0].get("reason", reason))
    cause, depth = error.get("caused_by"), 0
    while isinstance(cause, Mapping) and depth < 8:
        inner = str(cause.get("reason", ""))
        if inner and inner not in reason:
            reason = f"{reason}: {inner}"
        cause, depth = cause.get("caused_by"), depth + 1
    return RequestError(host, status, kind, reason)
