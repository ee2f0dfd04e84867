"""`vedette run` on a scene, as a process of its own which may be killed."""

from __future__ import annotations

import json
import time

from tests.live.process import Running
from tests.reliability.scene import START, Scene


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
        self._running: Running | None = None

    def start(self) -> None:
        """Start it; the one before has ended."""
        self._running = Running(["run", "-c", str(self._config)], self._log)

    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.alive

    def kill(self) -> None:
        """kill -9."""
        if self._running is not None:
            self._running.kill()

    def end(self) -> None:
        """Ask it to end, and wait. Raises AssertionError where it ends with an error."""
        assert self._running is not None
        self._running.end()


def seconds_now() -> float:
    """The real time as scenes count it."""
    return time.time() - START.timestamp()
