"""Elasticsearch 8.19 and 9.x through the official client 8.19."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import elasticsearch
from elastic_transport import JsonSerializer, TlsError, TransportError

from connectors.search import codec, tls
from connectors.search.client import LENIENT, HttpClient, Read, decoded, error_of, part
from connectors.search.port import ClusterSettings, Kind, RequestError
from connectors.search.tlswords import in_words


class Untouched(JsonSerializer):
    """Leaves answers as they came, for whoever asked to decode."""

    def json_loads(self, data: bytes) -> Any:
        """An answer's bytes."""
        return data


def told(body: Any) -> Any:
    """What an answer that is an error says."""
    try:
        return codec.loads(body) if isinstance(body, bytes) else body
    except ValueError:
        return body.decode("utf-8", "replace")


class ElasticClient(HttpClient):
    """`SearchClient` for Elasticsearch."""

    kind: Kind = "elasticsearch"
    flattened = "flattened"
    tiebreak: Sequence[str] = ("_shard_doc",)
    pit_path = "/_pit"

    def __init__(self, settings: ClusterSettings) -> None:
        tls.hush("elastic_transport")
        self.host = tls.shown(settings)
        options: dict[str, Any] = {}
        context = tls.context(settings)
        if context and settings.fingerprint:
            options["ssl_context"] = context
            options["ssl_assert_fingerprint"] = settings.fingerprint
        elif context and settings.verify:
            options["ssl_context"] = context
        elif context:  # the library verifies with any context that it is given
            options |= {"verify_certs": False, "ssl_show_warn": False}
        if settings.api_key:
            options["api_key"] = settings.api_key
        if settings.username and settings.password:
            options["basic_auth"] = (settings.username, settings.password)
        self._client = elasticsearch.Elasticsearch(
            [tls.with_port(host) for host in settings.hosts],
            request_timeout=settings.timeout,
            max_retries=0,  # retry.py waits between attempts, the client does not
            retry_on_timeout=False,
            serializers={
                kind: Untouched()
                for kind in ("application/json", "application/vnd.elasticsearch+json")
            },
            **options,
        )

    def product(self) -> Kind | None:
        """What the server is: Elasticsearch marks every answer, errors too; OpenSearch says so."""
        try:
            with tls.quiet(elasticsearch.ElasticsearchWarning):
                self._client.perform_request("GET", "/", headers={"accept": "application/json"})
        except elasticsearch.UnsupportedProductError as error:
            body = told(error.body)
            version = body.get("version") if isinstance(body, Mapping) else None
            named = version.get("distribution") if isinstance(version, Mapping) else None
            return "opensearch" if named == "opensearch" else None
        except elasticsearch.ApiError as error:
            if error.meta.headers.get("x-elastic-product") != "Elasticsearch":
                raise error_of(self.host, error.meta.status, told(error.body)) from error
        except TransportError as error:
            raise unanswered(self.host, error) from error
        return "elasticsearch"

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
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = content_type
        try:
            with tls.quiet(elasticsearch.ElasticsearchWarning):
                answer = self._client.perform_request(
                    method, path, params=params, headers=headers, body=body
                )
        except elasticsearch.ApiError as error:
            foreign = isinstance(error, elasticsearch.UnsupportedProductError)
            if foreign or error.meta.status == 406:  # what others say of this client's media type
                reason = "the server is not Elasticsearch"
                raise RequestError(self.host, 400, "unsupported_product", reason) from error
            raise error_of(self.host, error.meta.status, told(error.body)) from error
        except TransportError as error:
            raise unanswered(self.host, error) from error
        if method == "HEAD":
            return answer.meta.status < 300
        body = answer.body
        return decoded(self.host, body, read) if isinstance(body, bytes) else body

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        """Open a point in time over a pattern; one over nothing is fine here."""
        params = {
            "keep_alive": keep_alive,
            "ignore_unavailable": LENIENT["ignore_unavailable"],
            "expand_wildcards": LENIENT["expand_wildcards"],
        }
        answer = self.send("POST", f"/{part(index)}/_pit", None, params)
        return str(answer["id"])

    def pit_body(self, pit: str) -> Mapping[str, Any]:
        """The body that closes a point in time."""
        return {"id": pit}

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def unanswered(host: str, error: TransportError) -> RequestError:
    """The error of a request that got no answer."""
    if isinstance(error, TlsError):
        return RequestError(host, 0, "tls_error", in_words(str(error.message)))
    return RequestError(host, 0, type(error).__name__, str(error.message))
