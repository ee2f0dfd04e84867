"""Choose the client for a cluster; the libraries are imported only here, as they are slow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.search.port import ClusterSettings, Kind, RequestError, SearchClient
from connectors.search.retry import Retry
from engine.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from connectors.search.client import HttpClient


CUT = ("RemoteDisconnected", "Connection aborted", "Connection reset", "BadStatusLine")
"""What a library says of a server that ends a connection, as those do that speak TLS alone."""


def connect(settings: ClusterSettings, retry: Retry | None = None) -> SearchClient:
    """A client for a cluster. With a kind given, nothing goes over the network yet.

    `retry` is how all that use the client wait, where they are told nothing else.
    Raises `SettingsError` for settings that cannot work, and with kind `auto` `SourceError`
    when the server cannot be asked what it is.
    """
    try:
        kind = settings.kind
        patience = retry or Retry()
        if kind == "auto":
            kind = ask_kind(settings, patience)
            settings = replace(settings, kind=kind)
        client: HttpClient
        if kind == "elasticsearch":
            from connectors.search.elastic import ElasticClient

            client = ElasticClient(settings)
        else:
            from connectors.search.opensearch import OpenSearchClient

            client = OpenSearchClient(settings)
        client.retry = patience
        return client
    except (ValueError, TypeError) as error:
        raise SettingsError(f"the client refuses these settings: {error}", field="hosts") from error


def ask_kind(settings: ClusterSettings, retry: Retry) -> Kind:
    """Ask a server what it is. Raises `SourceError`."""
    from connectors.search.elastic import ElasticClient

    client = ElasticClient(replace(settings, kind="elasticsearch"))
    try:
        kind = retry.call(client.product)
    except RequestError as error:
        plain = not any(host.startswith("https:") for host in settings.hosts)
        cut = plain and error.status == 0 and any(sign in str(error) for sign in CUT)
        hint = ": does it speak TLS? set https" if cut else ""
        raise SourceError(f"cannot ask the cluster what it is: {error}{hint}") from error
    finally:
        client.close()
    if kind is None:
        raise SourceError(
            f"{client.host}: the server does not say what it is",
            field="kind",
            expected="elasticsearch or opensearch",
        )
    return kind
