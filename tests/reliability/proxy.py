"""A small HTTP proxy on loopback, in front of a node, that refuses requests in bursts."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOPS = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
"""Headers that hold from one hop to the next only."""

BUSY = b'{"error":{"type":"rejected_execution_exception","reason":"a burst"},"status":%d}'

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Proxy:
    """What `refuse` gives for a request (method, path) decides about it.

    None: it is passed on. A status: it is answered so, and the node never sees it. A status below
    zero: the node does it, and its answer is replaced by that status.
    """

    target: str
    refuse: Callable[[str, str], int | None]
    url: str = ""
    refused: dict[int, int] = field(default_factory=dict)
    """How often by status."""

    def answer(self, handler: BaseHTTPRequestHandler) -> Answer:
        """The answer to a request."""
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        status = self.refuse(handler.command, handler.path)
        if status is not None:
            self.refused[status] = self.refused.get(status, 0) + 1
            if status < 0:
                self.pass_on(handler, body)
            return abs(status), [("content-type", "application/json")], BUSY % abs(status)
        return self.pass_on(handler, body)

    def pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """What the node answers."""
        place = urlsplit(self.target)
        node = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        headers = {k: v for k, v in handler.headers.items() if k.lower() not in {*HOPS, "host"}}
        try:
            node.request(handler.command, handler.path, body or None, headers)
            answer = node.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOPS]
            return answer.status, kept, answer.read()
        finally:
            node.close()


@contextmanager
def before(target: str, refuse: Callable[[str, str], int | None]) -> Iterator[Proxy]:
    """A proxy in front of a node's URL for as long as the block runs."""
    proxy = Proxy(target, refuse)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self) -> None:
            status, headers, body = proxy.answer(self)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = relay

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: requests are not told one by one."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
