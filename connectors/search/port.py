"""The few operations Vedette needs of a search cluster, and how to reach one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from engine.errors import SettingsError

if TYPE_CHECKING:
    from connectors.search.retry import Retry

Kind = Literal["elasticsearch", "opensearch"]

TRANSIENT = frozenset({0, 408, 429, 502, 503, 504})
"""Statuses after which the same request may succeed later; 0 stands for no answer at all."""


class RequestError(Exception):
    """A cluster refused a request, or did not answer; never leaves this package.

    `status` is the HTTP status, 0 when there was no answer; `kind` the cluster's own name of
    the error such as `search_context_missing_exception`; `reason` one line, at most 500
    characters, without credentials.
    """

    def __init__(self, host: str, status: int, kind: str, reason: str) -> None:
        self.host, self.status, self.kind = host, status, kind
        self.reason = " ".join(reason.split())[:500]
        super().__init__(str(self))

    def __str__(self) -> str:
        code = f"{self.status} " if self.status else ""
        return f"{self.host}: {code}{self.kind}: {self.reason}"

    @property
    def transient(self) -> bool:
        """Whether waiting may help."""
        return self.status in TRANSIENT and self.kind != "tls_error"


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """How to reach a cluster; secrets do not show in its repr.

    `hosts` are URLs without user info; `timeout` is in seconds, for one request;
    `fingerprint` is the SHA-256 of the server's certificate, in hex: it then stands for the
    chain and the host's name. Raises `SettingsError`.
    """

    hosts: Sequence[str]
    kind: Kind | Literal["auto"] = "auto"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    fingerprint: str | None = None
    verify: bool = True
    timeout: float = 60.0

    def __post_init__(self) -> None:
        if not self.hosts:
            raise SettingsError("no host given", field="hosts", expected="at least one URL")
        for host in self.hosts:
            check_host(host)
        if self.kind not in ("auto", "elasticsearch", "opensearch"):
            expected = "auto, elasticsearch or opensearch"
            raise SettingsError(f"{self.kind!r} is unknown", field="kind", expected=expected)
        if self.api_key and (self.username or self.password):
            raise SettingsError("give either an API key or a username", field="api_key")
        if bool(self.username) != bool(self.password):
            raise SettingsError("username and password go together", field="username")
        if self.client_key and not self.client_cert:
            raise SettingsError("a client key needs its certificate", field="client_cert")
        if self.client_cert and not self.verify and not self.fingerprint:
            raise SettingsError("a client certificate is not shown to just anyone", field="verify")
        digits = (self.fingerprint or "").replace(":", "")
        if self.fingerprint and not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
            raise SettingsError(
                "not a fingerprint", field="fingerprint", expected="SHA-256 in hex, 64 digits"
            )


def check_host(host: str) -> None:
    """Refuse what is no plain http(s) URL; a password in it would end up in messages."""
    expected = "a URL such as https://search.example.net:9200"
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError as error:
        raise SettingsError("not a URL", field="hosts", expected=expected) from error
    if "@" in parts.netloc:
        raise SettingsError(
            "credentials do not belong into a URL", field="hosts", expected="username and password"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SettingsError(f"{host!r} is no http(s) URL", field="hosts", expected=expected)
    if parts.query or parts.fragment:
        raise SettingsError(f"{host!r} has a query or fragment", field="hosts", expected=expected)


class SearchClient(Protocol):
    """One cluster. Every method raises `RequestError` and nothing else."""

    kind: Kind
    host: str
    """The hosts as messages name them."""

    flattened: str
    """The field type that keeps a whole object searchable: `flattened` or `flat_object`."""

    tiebreak: Sequence[str]
    """The sort fields that order events of one time within a point in time, without a tie."""

    retry: Retry
    """How whoever uses this client waits when the cluster is busy, where nothing else is said."""

    def send(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Do one request with a JSON body, for what has no method of its own here."""
        ...

    def field_caps(self, index: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """The types of fields by name: `{type: {"aggregatable": bool, …}}`; absent if unmapped."""
        ...

    def info(self) -> Mapping[str, Any]:
        """What the server says of itself (`GET /`)."""
        ...

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        """Open a point in time over a pattern; None when nothing matches it."""
        ...

    def close_pit(self, pit: str) -> None:
        """Close a point in time; one already gone is no error."""
        ...

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        """Search, without accepting partial results.

        `index` is None with a point in time; then the documents of hits may be JSON text (bytes).
        """
        ...

    def msearch(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited searches; each has an answer, or an error, of its own."""
        ...

    def mget(self, documents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Documents by `_index`, `_id` and `routing`."""
        ...

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        """The number of documents that a query finds; 0 when nothing matches the pattern."""
        ...

    def bulk(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited bulk actions, which create."""
        ...

    def bulk_replace(self, body: bytes) -> Mapping[str, Any]:
        """Send newline-delimited bulk actions, which also replace."""
        ...

    def get(self, index: str, id: str) -> Mapping[str, Any] | None:
        """A document with `_source`, `_seq_no`, `_primary_term`; None when absent."""
        ...

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
        ...

    def put_index_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Create or replace a composable index template."""
        ...

    def create_index(self, index: str, body: Mapping[str, Any] | None = None) -> bool:
        """Create an index; False when it was there already."""
        ...

    def exists(self, index: str) -> bool:
        """Whether an index, alias, stream or pattern names anything."""
        ...

    def refresh(self, index: str) -> None:
        """Make what was written findable."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
