"""`vedette run` as a process of its own, which may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from tests.conftest import ROOT
from tests.reliability.scene import START, Scene

PATIENCE = 240.0
"""Seconds after which something that must happen counts as not happening."""


def until(held: Callable[[], bool], what: str) -> None:
    """Wait for something that must happen. Raises AssertionError."""
    end = time.monotonic() + PATIENCE
    while not held():
        assert time.monotonic() < end, f"it does not happen: {what}"
        time.sleep(0.02)


class Process:
    """`vedette run` on a scene's index; events must be of the real time, which is its clock."""

    def __init__(self, scene: Scene, *, page_size: int = 10) -> None:
        settings = {
            "namespace": scene.namespace,
            "rules": {"paths": [str(scene.rule)], "cache": False},
            "tuning": {"cap": 0},  # a hunt, which it is compared with, has none
            "cluster": {"kind": scene.kind, "hosts": scene.urls},
            "sources": [
                {"type": "search", "name": "events", "index": f"{scene.prefix}-*", "start": "all",
                 "page_size": page_size, "refresh_lag": "0s", "interval": "250ms"}
            ],
        }  # fmt: skip
        self._config = scene.folder / "vedette.yml"
        self._config.write_text(json.dumps(settings))  # JSON is YAML
        self._log = scene.folder / "log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; the one before has ended."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VEDETTE_")}
        command = [sys.executable, "-m", "vedette", "run", "-c", str(self._config)]
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=ROOT, env=environment
            )

    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """kill -9."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def end(self) -> None:
        """Ask it to end, and wait. Raises AssertionError where it ends with an error."""
        assert self._running is not None
        self._running.send_signal(signal.SIGTERM)
        code = self._running.wait(timeout=PATIENCE)
        assert code == 0, f"vedette run ended with {code}:\n{self.log[-3000:]}"

    @property
    def log(self) -> str:
        """What it said."""
        return self._log.read_text(errors="replace")


def seconds_now() -> float:
    """The real time as scenes count it."""
    return time.time() - START.timestamp()
