"""Three OpenSearch nodes that are one cluster, on loopback, each of which may be killed.

A node keeps its ports and its data from one start to the next.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.live import nodes
from tests.live.servers import BUILDS, home, java_home

KIND = "opensearch"
HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
START_SECONDS = 2 * nodes.START_SECONDS

DISCOVERY = """\
discovery.seed_hosts: [{seeds}]
cluster.initial_cluster_manager_nodes: [node-0, node-1, node-2]
"""


class Trio:
    """The nodes `node-0` to `node-2`; `urls` are theirs in this order."""

    def __init__(self) -> None:
        """Lay out the folders. Raises `Unavailable`."""
        self._server, self._java = home(BUILDS[KIND]), java_home()
        ports = free_ports(6)
        self.urls = [f"http://127.0.0.1:{port}" for port in ports[:3]]
        self._folders: list[Path] = []
        self._nodes: dict[int, nodes.Node] = {}
        name, seeds = f"vedette-trio-{uuid4().hex[:8]}", ports[3:]
        discovery = DISCOVERY.format(seeds=", ".join(f'"127.0.0.1:{port}"' for port in seeds))
        for number in range(3):
            folder = Path(tempfile.mkdtemp(prefix=f"vedette-trio-{number}-"))
            self._folders.append(folder)
            nodes.configure(KIND, folder)
            file = folder / "config" / f"{KIND}.yml"
            text = file.read_text()
            for old, new in (
                ("cluster.name: vedette-test", f"cluster.name: {name}"),
                ("node.name: node", f"node.name: node-{number}"),
                ("http.port: 0", f"http.port: {ports[number]}"),
                ("transport.port: 0", f"transport.port: {seeds[number]}"),
                ("discovery.type: single-node\n", discovery),
            ):
                assert old in text
                text = text.replace(old, new)
            file.write_text(text)

    def start(self, number: int) -> None:
        """Start a node, or start it again; does not wait for it."""
        folder = self._folders[number]
        command = nodes.opensearch_command(self._server, self._java, folder, HEAP)
        self._nodes[number] = nodes.launch(KIND, folder, *command)

    def kill(self, number: int) -> None:
        """kill -9 of a node; its data stays."""
        node = self._nodes.pop(number)
        os.killpg(node.process.pid, signal.SIGKILL)
        node.process.wait()
        if node.process.stdin:
            node.process.stdin.close()
        atexit.unregister(node.stop)  # its number may be another's by then

    def ask(self, number: int, path: str) -> Any:
        """What a node says. Raises OSError where it does not answer."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.urls[number]}{path}", timeout=20) as answer:
            return json.load(answer)

    def manager(self) -> int:
        """The number of the elected cluster manager. Raises OSError where there is none."""
        (found,) = self.ask(min(self._nodes), "/_cat/cluster_manager?format=json")
        return int(found["node"].removeprefix("node-"))

    def until_whole(self) -> None:
        """Wait until three nodes are one cluster, and every copy of every shard is there."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            for node in self._nodes.values():
                if node.process.poll() is not None:
                    raise RuntimeError(f"a node stopped while starting:\n{nodes.tail(node)}")
            with contextlib.suppress(OSError, ValueError):
                told = [self.ask(number, "/_cluster/health") for number in range(3)]
                if all((one["number_of_nodes"], one["status"]) == (3, "green") for one in told):
                    return
            time.sleep(0.5)
        raise RuntimeError(f"no cluster of three nodes after {START_SECONDS} s")

    def stop(self) -> None:
        """Kill the nodes, and delete their data."""
        for node in self._nodes.values():
            node.stop()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running() -> Iterator[Trio]:
    """A cluster of three nodes for as long as the block runs."""
    trio = Trio()
    try:
        for number in range(3):
            trio.start(number)
        trio.until_whole()
        yield trio
    finally:
        trio.stop()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on just now."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
