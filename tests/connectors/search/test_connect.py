"""Clients over real sockets: TLS is verified, and no library's error gets out."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import pytest

from connectors.search import ClusterSettings, SearchClient, SearchSource, connect, tls
from connectors.search.port import RequestError
from connectors.search.retry import Retry
from engine.errors import SettingsError, SourceError

KINDS = ["elasticsearch", "opensearch"]
ONCE = Retry(limit=0)
ELASTIC = {"tagline": "You Know, for Search", "version": {"number": "9.4.3"}}
OPEN = {"version": {"distribution": "opensearch", "number": "3.6.0"}}


@dataclass
class Server:
    """A small server that gives one answer to everything and remembers what was asked."""

    url: str
    status: int = 200
    body: Any = field(default_factory=lambda: ELASTIC)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)


def serve(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            known.asked.append({name.lower(): value for name, value in self.headers.items()})
            data = known.body if isinstance(known.body, bytes) else json.dumps(known.body).encode()
            self.send_response(known.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for name, value in known.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, *args: object) -> None: ...

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None: ...

    server = Quiet(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    known = Server(f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serve()


@dataclass
class Certificates:
    """A self-signed certificate for 127.0.0.1, its key, and its fingerprint."""

    cert: Path
    key: Path
    fingerprint: str


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=search.test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    der = ssl.PEM_cert_to_DER_cert(cert.read_text())
    return Certificates(cert, key, hashlib.sha256(der).hexdigest())


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    yield from serve(context)


@pytest.fixture
def mutual(certificates: Certificates) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    context.load_verify_locations(certificates.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    yield from serve(context)


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Callable[..., SearchClient]]:
    made: list[SearchClient] = []

    def make(url: str, kind: str, **options: Any) -> SearchClient:
        made.append(connect(ClusterSettings([url], kind=kind, **options), ONCE))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[..., SearchClient]
MARK = {"x-elastic-product": "Elasticsearch"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_certificate_is_refused(
    secure: Server, kind: str, client: Make, certificates: Certificates
) -> None:
    secure.headers = MARK
    with pytest.raises(RequestError, match=r"tls_error.*certificate") as raised:
        client(secure.url, kind).info()
    assert not raised.value.transient
    assert secure.asked == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_ca_file_or_a_fingerprint_makes_it_known(
    secure: Server, kind: str, client: Make, certificates: Certificates
) -> None:
    secure.headers = MARK
    trusting = client(secure.url, kind, ca_file=str(certificates.cert))
    assert trusting.info()["version"]["number"] == "9.4.3"
    client(secure.url, kind, fingerprint=certificates.fingerprint).info()
    with pytest.raises(RequestError, match="tls_error"):
        client(secure.url, kind, fingerprint="ab" * 32).info()
    assert len(secure.asked) == 2


def test_a_ca_file_is_trusted_alone(certificates: Certificates) -> None:
    settings = ClusterSettings(["https://x:1"], ca_file=str(certificates.cert))
    context = tls.context(settings)
    assert context is not None
    context.load_verify_locations(certifi.where())
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_certificate_is_shown(
    mutual: Server, kind: str, client: Make, certificates: Certificates
) -> None:
    mutual.headers = MARK
    cert, key = str(certificates.cert), str(certificates.key)
    with pytest.raises(RequestError):
        client(mutual.url, kind, ca_file=cert).info()
    client(mutual.url, kind, ca_file=cert, client_cert=cert, client_key=key).info()
    pin = certificates.fingerprint
    client(mutual.url, kind, fingerprint=pin, client_cert=cert, client_key=key).info()
    assert len(mutual.asked) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_explicit_word_turns_verification_off_and_it_is_logged(
    secure: Server, kind: str, client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    secure.headers = MARK
    client(secure.url, kind, verify=False).info()
    assert "not verified" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ca_file", "client_cert"])
def test_a_certificate_file_that_cannot_be_used_is_named(
    kind: str, name: str, tmp_path: Path, client: Make
) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("not a certificate")
    for path in (bad, tmp_path / "absent.pem"):
        with pytest.raises(SettingsError, match=str(path)) as raised:
            client("https://127.0.0.1:1", kind, **{name: str(path)})
        assert raised.value.field == name


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_are_sent_and_never_shown(
    server: Server, kind: str, client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    server.status, server.headers = 401, MARK
    server.body = {"error": {"type": "security_exception", "reason": "unable to authenticate"}}
    for options in ({"username": "me", "password": "hunter2"}, {"api_key": "aHVudGVyMg=="}):
        with pytest.raises(RequestError, match="401 security_exception: unable to") as raised:
            client(server.url, kind, **options).info()
        assert "hunter2" not in str(raised.value)
        assert "aHVudGVyMg" not in str(raised.value)
    assert server.asked[0]["authorization"].startswith("Basic ")
    assert server.asked[1]["authorization"] == "ApiKey aHVudGVyMg=="
    assert "hunter2" not in caplog.text
    assert "unencrypted" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_does_not_answer_is_a_source_error(
    kind: str, client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = SearchSource(client(f"http://127.0.0.1:{port}", kind), "events", "x-*", retry=ONCE)
    with pytest.raises(SourceError, match=f"'events' cannot read 'x-\\*': 127.0.0.1:{port}: Conn"):
        list(source.poll(None))
    assert caplog.records == []  # the libraries would log a traceback


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_a_request_error(
    server: Server, kind: str, client: Make, body: bytes
) -> None:
    server.headers, server.body = MARK, body
    with pytest.raises(RequestError):
        client(server.url, kind).info()


@pytest.mark.parametrize("kind", KINDS)
def test_documents_come_byte_by_byte_as_they_are_stored(
    server: Server, kind: str, client: Make
) -> None:
    server.headers = MARK
    server.body = b'{"hits":{"hits":[{"_id":"1","_source":{"name":"\xff \xc3\xa9"}}]}}'
    (hit,) = client(server.url, kind).search({"pit": {"id": "p"}})["hits"]["hits"]
    assert hit["_source"] == b'{"name":"\xff \xc3\xa9"}'


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_that_is_no_json_is_told_by_its_status(
    server: Server, kind: str, client: Make
) -> None:
    server.headers, server.body, server.status = MARK, b"<html>\xff", 502
    with pytest.raises(RequestError) as told:
        client(server.url, kind).info()
    assert told.value.status == 502


@pytest.mark.parametrize("kind", KINDS)
def test_a_warning_of_the_server_is_no_error(server: Server, kind: str, client: Make) -> None:
    server.headers = {**MARK, "warning": '299 Server-1 "old ways"'}
    assert client(server.url, kind).info()


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        (ELASTIC, MARK, 200, "elasticsearch"),
        ({"error": "no such route"}, MARK, 405, "elasticsearch"),
        (OPEN, {}, 200, "opensearch"),
    ],
)
def test_a_server_is_known_by_its_own_words(
    server: Server, client: Make, body: Any, headers: dict[str, str], status: int, kind: str
) -> None:
    server.body, server.headers, server.status = body, headers, status
    assert client(server.url, "auto").kind == kind


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, {}, "does not say what it is"),
        (200, ["x"], "does not say what it is"),
        (401, {}, "401"),
        (503, {}, "503"),
    ],
)
def test_a_server_that_does_not_say_what_it_is_is_told(
    server: Server, client: Make, status: int, body: Any, told: str
) -> None:
    server.status, server.body = status, body
    with pytest.raises(SourceError, match=told):
        client(server.url, "auto")


def test_the_client_libraries_are_loaded_only_on_connecting() -> None:
    code = (
        "import sys, connectors.search\n"
        "assert not {'elasticsearch', 'opensearchpy', 'urllib3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_names_cannot_reach_into_another_path(server: Server, client: Make) -> None:
    from connectors.search.client import part

    assert part("a/../_cluster?x#y") == "a%2F..%2F_cluster%3Fx%23y"
    assert part("logs-*,<a-{now/d}>") == "logs-*,%3Ca-%7Bnow%2Fd%7D%3E"


def test_a_library_is_quiet_in_every_thread_and_the_filters_are_as_before_when_all_are_done() -> (
    None
):
    before = list(warnings.filters)
    first, second = tls.quiet(UserWarning), tls.quiet(FutureWarning)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # as another thread's request may end
    warnings.warn("not heard", FutureWarning, stacklevel=1)
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before
    with pytest.raises(FutureWarning):
        warnings.warn("heard", FutureWarning, stacklevel=1)
