"""`/metrics`, `/healthz` and `/readyz` over HTTP: a few fixed answers, nothing to be asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from threading import Thread

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from engine.errors import SettingsError
from vedette.metrics.meter import Meter
from vedette.output.safe import visible

log = logging.getLogger("vedette.metrics")

PLAIN = "text/plain; charset=utf-8"
PATIENCE = 10.0
"""Seconds for a request to be sent and its answer to be taken."""


def answer(meter: Meter, path: str) -> tuple[int, str, bytes]:
    """Status, content type and body of one path."""
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(meter.registry)
    if path == "/healthz":
        return 200, PLAIN, b"ok\n"
    if path == "/readyz":
        lines = [f"source {name}: not read yet" for name in sorted(meter.waiting)]
        failing = dict(meter.failing)
        lines += [f"source {name}: {failing[name]}" for name in sorted(failing)]
        lines += [f"hunt {title}: {error}" for title, error in meter.hunts.failing()]
        text = "\n".join(visible(line) for line in lines) or "ok"
        return 503 if lines else 200, PLAIN, f"{text}\n".encode()
    return 404, PLAIN, b"/metrics, /healthz or /readyz\n"


def handler(meter: Meter) -> type[BaseHTTPRequestHandler]:
    """What answers requests."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version, sys_version = "vedette", ""

        def do_GET(self) -> None:  # the library's name
            """Answer."""
            status, kind, body = answer(meter, self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "no-store")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Each scrape is no news."""

    return Handler


class Server(ThreadingHTTPServer):
    """One that says nothing of requests that break off, and outlives no run."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked has gone."""
        log.debug("a request from %s broke off: %s", client_address, request)


@contextmanager
def serving(meter: Meter, host: str, port: int) -> Iterator[int]:
    """Answer for as long as the block runs; gives the port. Raises `SettingsError`."""
    family = AF_INET6 if ":" in host else AF_INET

    class Bound(Server):
        address_family = family

    try:
        server = Bound((host, port), handler(meter))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"cannot listen: {reason}", field="metrics.listen") from error
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    shown = f"[{host}]" if family == AF_INET6 else host
    log.info("metrics at http://%s:%d/metrics", shown, server.server_port)
    if not ip_address(host).is_loopback:
        log.warning("metrics can be read by anyone who reaches %s: there is no sign-in", shown)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
