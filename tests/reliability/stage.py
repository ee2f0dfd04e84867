"""Where faults are played: nodes, started when first asked for, and a scene for each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from connectors.search.port import RequestError
from engine.errors import VedetteError
from tests.live.nodes import Node
from tests.reliability.registry import Fault
from tests.reliability.row import Row
from tests.reliability.scene import Scene


class Stage:
    """Nodes by their kind, kept from one fault to the next."""

    def __init__(self, start: Callable[[str], Node]) -> None:
        self._start = start
        self._nodes: dict[str, Node] = {}

    def url(self, kind: str) -> str:
        """The URL of a node of a kind."""
        if kind not in self._nodes:
            self._nodes[kind] = self._start(kind)
        return self._nodes[kind].url

    def play(
        self, fault: Fault, kind: str, dose: int, tell: Callable[[str], None] = lambda text: None
    ) -> Row:
        """Play a fault on a kind of server, as `play` does."""
        return play(fault, kind, [] if fault.own else [self.url(kind)], dose, tell)

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for node in self._nodes.values():
            node.stop()


def play(
    fault: Fault,
    kind: str,
    urls: list[str],
    dose: int,
    tell: Callable[[str], None] = lambda text: None,
) -> Row:
    """Play a fault on a server that runs; the row of what came of it.

    `tell` is told how far it is, by faults that take long.
    """
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(kind, urls, Path(folder), tell=tell)
        began = time.monotonic()
        try:
            try:
                fault.play(scene, dose)
            except (AssertionError, VedetteError, RequestError, OSError) as error:
                scene.check(False, f"{type(error).__name__}: {error}")
            return scene.row(fault.name, f"{dose:,} {fault.unit}", began)
        finally:
            scene.close()
