"""SIGTERM ends a run that waits for a cluster that is away, instead of the wait going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT

BUSY = b'{"error":{"type":"x","reason":"away"},"status":503}'
FEW = 6
"""Requests that may still follow: what is tidied up, each once. One wait out is eight of them."""


class Away:
    """A cluster that answers nothing but 503, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.met = threading.Semaphore(0)

    def hear(self) -> None:
        self.asked += 1
        self.met.release()


@contextmanager
def away() -> Iterator[tuple[Away, str]]:
    told = Away()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def refuse(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            told.hear()
            self.send_response(503)
            self.send_header("content-type", "application/json")
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(BUSY)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(BUSY)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = refuse

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("kind", ["auto", "elasticsearch"])
def test_a_run_that_waits_for_its_cluster_ends_when_it_is_told_to(
    kind: str, tmp_path: Path
) -> None:
    rule = tmp_path / "rule.yml"
    rule.write_text("title: X\nlogsource: {product: any}\ndetection: {a: {b: c}, condition: a}\n")
    config = tmp_path / "vedette.yml"
    with away() as (told, url):
        settings = {
            "rules": {"paths": [str(rule)], "cache": False},
            "cluster": {"kind": kind, "hosts": [url]},
            "sources": [{"type": "search", "name": "events", "index": "logs-*"}],
            "state": {"dir": str(tmp_path / "state")},
        }
        config.write_text(json.dumps(settings))  # JSON is YAML
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
        run = subprocess.Popen(
            [sys.executable, "-m", "vedette", "run", "-c", str(config)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        try:
            assert told.met.acquire(timeout=120)
            assert told.met.acquire(timeout=120)
            before = told.asked
            run.send_signal(signal.SIGTERM)
            out, _ = run.communicate(timeout=120)
        finally:
            run.kill()
    assert run.returncode == 0, out
    assert "stopped before it began" in out
    assert told.asked - before <= FEW
