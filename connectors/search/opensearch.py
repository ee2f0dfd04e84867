"""OpenSearch 3.3 and later through the official client 3.x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import opensearchpy
from opensearchpy import Urllib3HttpConnection
from opensearchpy.exceptions import OpenSearchWarning, SSLError, TransportError
from opensearchpy.serializer import JSONSerializer

from connectors.search import codec, tls
from connectors.search.client import LENIENT, HttpClient, Read, decoded, error_of, part
from connectors.search.port import ClusterSettings, Kind, RequestError
from connectors.search.tlswords import in_words

CONNECTIONS = 10
"""Connections to a node that are kept, for those who read pages and store batches at one time. The
client by itself keeps one, and opens each other anew for every request."""


class Untouched(JSONSerializer):
    """Leaves answers as they came, for whoever asked to decode; bodies come serialised already."""

    def loads(self, s: Any) -> Any:
        """An answer's bytes."""
        return s if isinstance(s, bytes) else s.encode("utf-8", "surrogatepass")

    def dumps(self, data: Any) -> Any:
        """Pass a body on."""
        return data


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Bytes that stay bytes when they are to become text."""

    raw: bytes

    def decode(self, *_: str) -> bytes:
        """The bytes."""
        return self.raw


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client's connection looks at of an answer."""

    status: int
    headers: Any
    data: Undecoded


@dataclass(frozen=True, slots=True)
class Pool:
    """urllib3's connections to a node, whose answers stay bytes."""

    inner: Any

    def urlopen(self, *request: Any, **options: Any) -> Answer:
        """Do one request."""
        answer = self.inner.urlopen(*request, **options)
        return Answer(answer.status, answer.headers, Undecoded(answer.data))

    def close(self) -> None:
        """Let go of connections."""
        self.inner.close()


class Connection(Urllib3HttpConnection):
    """The client's own, which would make text of every answer, to be made bytes of again.

    That took two thirds of the time in which pages of events are received and decoded.
    """

    def _create_urllib3_pool(self) -> None:
        super()._create_urllib3_pool()
        self.pool = Pool(self.pool)


class OpenSearchClient(HttpClient):
    """`SearchClient` for OpenSearch."""

    kind: Kind = "opensearch"
    flattened = "flat_object"
    # Here `_shard_doc` (3.3 and later) counts shards within each index, so that documents of two
    # indices can be equal in it, and `search_after` would step over the second (seen on 3.6.0).
    tiebreak: Sequence[str] = ("_index", "_shard_doc")
    pit_path = "/_search/point_in_time"

    def __init__(self, settings: ClusterSettings) -> None:
        tls.hush("opensearch")
        self.host = tls.shown(settings)
        options: dict[str, Any] = {}
        context = tls.context(settings)
        if context:
            options["ssl_context"] = context
            if settings.fingerprint:
                options["ssl_assert_fingerprint"] = settings.fingerprint
        if settings.api_key:
            options["headers"] = {"authorization": f"ApiKey {settings.api_key}"}
        if settings.username and settings.password:
            options["http_auth"] = (settings.username, settings.password)
        self._client = opensearchpy.OpenSearch(
            [tls.with_port(host) for host in settings.hosts],
            timeout=settings.timeout,
            max_retries=0,  # retry.py waits between attempts, the client does not
            retry_on_timeout=False,
            serializer=Untouched(),
            connection_class=Connection,
            pool_maxsize=CONNECTIONS,
            **options,
        )

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        read: Read = codec.loads,
    ) -> Any:
        """Do one request and give the decoded answer (a bool for HEAD). Raises `RequestError`."""
        try:
            with tls.quiet(OpenSearchWarning):
                answer = self._client.transport.perform_request(
                    method,
                    path,
                    params=dict(params or {}),
                    body=body,
                    headers={"content-type": content_type},
                )
        except SSLError as error:
            reason = in_words(str(error.error))
            raise RequestError(self.host, 0, "tls_error", reason) from error
        except TransportError as error:
            if isinstance(error.status_code, int):
                raise error_of(self.host, error.status_code, error.info) from error
            kind, reason = type(error).__name__, str(error.error)
            raise RequestError(self.host, 0, kind, reason) from error
        except opensearchpy.OpenSearchException as error:
            raise RequestError(self.host, 0, type(error).__name__, str(error)) from error
        return decoded(self.host, answer, read) if isinstance(answer, bytes) else answer

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        """Open a point in time over a pattern; None when nothing matches it."""
        params = {**LENIENT, "keep_alive": keep_alive, "allow_partial_pit_creation": "false"}
        del params["allow_no_indices"]
        try:
            answer = self.send("POST", f"/{part(index)}/_search/point_in_time", None, params)
        except RequestError as error:
            # Over nothing the server fails on its own missing id, with a 400.
            if error.status in (400, 404) and not self.count_shards(index):
                return None
            raise
        return str(answer["pit_id"])

    def count_shards(self, index: str) -> int:
        """How many shards a pattern names."""
        body: dict[str, Any] = {"query": {"match_none": {}}}
        answer = self.send("POST", f"/{part(index)}/_count", body, LENIENT)
        return int(answer["_shards"]["total"])

    def pit_body(self, pit: str) -> Mapping[str, Any]:
        """The body that closes a point in time."""
        return {"pit_id": [pit]}

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
