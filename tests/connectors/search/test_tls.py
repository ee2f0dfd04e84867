"""TLS against servers of a private authority: what is right works, what is wrong says what."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.search import ClusterSettings, connect
from connectors.search.port import RequestError
from connectors.search.retry import Retry
from connectors.search.tlswords import MEANINGS, in_words
from engine.errors import SettingsError, SourceError
from tests.connectors.search.authority import Authority, Pair, server_context
from tests.connectors.search.test_connect import MARK, Server, serve

KINDS = pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
ONCE = Retry(limit=0)


@dataclass(frozen=True)
class World:
    """A private authority and another one, with what each has signed."""

    ca: Authority
    other: Authority
    node: Pair
    expired: Pair
    elsewhere: Pair
    client: Pair
    stranger: Pair


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("authorities")
    ca, other = Authority(folder / "a"), Authority(folder / "b", "another CA")
    return World(
        ca,
        other,
        ca.sign("node"),
        ca.sign("old", expired=True),
        ca.sign("elsewhere", names="DNS:search.example.net"),
        ca.sign("client"),
        other.sign("stranger"),
    )


@contextmanager
def serving(context: ssl.SSLContext | None) -> Iterator[Server]:
    going = serve(context)
    server = next(going)
    server.headers = MARK
    try:
        yield server
    finally:
        next(going, None)


def ask(server: Server, kind: str, **options: Any) -> str:
    """The version that the server says, over one connection of its own."""
    url = options.pop("url", server.url)
    client = connect(ClusterSettings([url], kind=kind, **options), ONCE)  # type: ignore[arg-type]
    try:
        return str(client.info()["version"]["number"])
    finally:
        client.close()


@KINDS
def test_a_chain_to_a_private_authority_is_verified(kind: str, world: World) -> None:
    with serving(server_context(world.node)) as server:
        assert ask(server, kind, ca_file=world.ca.file) == "9.4.3"
        by_name = server.url.replace("127.0.0.1", "localhost")
        assert ask(server, kind, ca_file=world.ca.file, url=by_name) == "9.4.3"


@KINDS
def test_a_fingerprint_stands_for_chain_and_name(kind: str, world: World) -> None:
    for pair in (world.elsewhere, world.node):
        with serving(server_context(pair)) as server:
            assert ask(server, kind, fingerprint=pair.fingerprint) == "9.4.3"


@KINDS
def test_a_client_certificate_of_the_authority_is_let_in(kind: str, world: World) -> None:
    with serving(server_context(world.node, world.ca.file)) as server:
        client = {"client_cert": str(world.client.cert), "client_key": str(world.client.key)}
        assert ask(server, kind, ca_file=world.ca.file, **client) == "9.4.3"
        pin = world.node.fingerprint
        assert ask(server, kind, fingerprint=pin, **client) == "9.4.3"


WRONG = {
    "nothing is trusted": ("node", {}, "is from nobody who is trusted: set ca_file"),
    "another authority": ("node", {"ca_file": "other"}, "is from nobody who is trusted"),
    "expired": ("expired", {"ca_file": "ca"}, "the server's certificate has expired"),
    "another name": ("elsewhere", {"ca_file": "ca"}, "is for another name"),
    "another fingerprint": ("node", {"fingerprint": "ab" * 32}, "shows another certificate than"),
}


@KINDS
@pytest.mark.parametrize("case", WRONG)
def test_a_server_that_is_not_the_right_one_gets_one_clear_line_and_no_request(
    kind: str, case: str, world: World
) -> None:
    name, options, told = WRONG[case]
    files = {"ca": world.ca.file, "other": world.other.file}
    given = {key: files.get(value, value) for key, value in options.items()}
    with serving(server_context(getattr(world, name))) as server:
        with pytest.raises(RequestError) as raised:
            ask(server, kind, username="me", password="hunter2", **given)
        assert server.asked == []
    text = str(raised.value)
    assert told in text
    assert "\n" not in text
    assert "hunter2" not in text
    assert not raised.value.transient  # waiting would not help


@KINDS
def test_a_client_without_the_right_certificate_is_told(kind: str, world: World) -> None:
    with serving(server_context(world.node, world.ca.file)) as server:
        with pytest.raises(RequestError, match=r"client certificate|tls_error"):
            ask(server, kind, ca_file=world.ca.file)
        stranger = {"client_cert": str(world.stranger.cert), "client_key": str(world.stranger.key)}
        with pytest.raises(RequestError):
            ask(server, kind, ca_file=world.ca.file, **stranger)
        assert server.asked == []


@KINDS
def test_a_key_of_another_certificate_is_named_by_its_file(kind: str, world: World) -> None:
    mixed = {"client_cert": str(world.client.cert), "client_key": str(world.stranger.key)}
    with pytest.raises(SettingsError, match=r"client\.pem: client_cert: .*mismatch"):
        connect(ClusterSettings(["https://127.0.0.1:1"], kind=kind, **mixed), ONCE)  # type: ignore[arg-type]


@KINDS
def test_https_to_a_server_that_speaks_http_is_told(kind: str, world: World) -> None:
    with serving(None) as server:
        url = server.url.replace("http://", "https://")
        with pytest.raises(RequestError, match="does not speak TLS"):
            ask(server, kind, url=url, ca_file=world.ca.file)


@KINDS
def test_a_certificate_without_its_key_is_told_what_is_missing(kind: str, world: World) -> None:
    alone = {"client_cert": str(world.client.cert)}
    with pytest.raises(SettingsError, match="its key there too or in client_key"):
        connect(ClusterSettings(["https://127.0.0.1:1"], kind=kind, **alone), ONCE)  # type: ignore[arg-type]


def test_http_to_a_server_that_speaks_tls_is_told(world: World) -> None:
    with serving(server_context(world.node)) as server:
        url = server.url.replace("https://", "http://")
        with pytest.raises(SourceError, match="does it speak TLS"):
            connect(ClusterSettings([url]), ONCE)


def test_what_a_handshake_says_is_kept_behind_its_meaning() -> None:
    for signs, meaning in MEANINGS:
        for sign in signs:
            assert in_words(f"x {sign} y") == f"{meaning} (x {sign} y)"
    assert in_words("something else") == "something else"
