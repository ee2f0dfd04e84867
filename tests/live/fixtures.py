"""Fixtures that give tests real servers, started once for the whole run and side by side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import pytest

from connectors.search import ClusterSettings, SearchClient, connect
from tests.live.nodes import Node, start
from tests.live.servers import BUILDS, Unavailable


class Nodes:
    """The nodes of this run; each is started at most once, whoever asks."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=len(BUILDS))
        self._started: dict[str, Future[Node]] = {}

    def start(self, kind: str) -> Future[Node]:
        """Begin to start a node."""
        if kind not in self._started:
            self._started[kind] = self._pool.submit(start, kind)
        return self._started[kind]

    def url(self, kind: str) -> str:
        """The URL of a node, once it serves; skips where this machine cannot run one."""
        try:
            return self.start(kind).result().url
        except Unavailable as reason:
            pytest.skip(f"no {kind} node: {reason}")

    def stop(self) -> None:
        """Stop every node."""
        for future in self._started.values():
            if future.exception() is None:
                future.result().stop()
        self._started.clear()


NODES = Nodes()


@dataclass(frozen=True)
class Cluster:
    """A server for one test: a client, and names that no other test uses.

    Index names begin with `prefix`; `namespace` is for Vedette's own indices.
    """

    kind: str
    url: str
    client: SearchClient
    prefix: str
    namespace: str


def wanted(items: list[pytest.Item]) -> set[str]:
    """The kinds of node that the collected tests will ask for."""
    kinds = set()
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        params = getattr(getattr(item, "callspec", None), "params", {})
        kinds |= {kind for kind in BUILDS if f"{kind}_url" in names}
        kinds |= {params["cluster"]} & set(BUILDS) if "cluster" in params else set()
    return kinds


@pytest.fixture(scope="session")
def live_nodes(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """The pool of nodes, with all that this run needs on their way up."""
    for kind in sorted(wanted(request.session.items)):
        NODES.start(kind)
    yield NODES
    NODES.stop()


@pytest.fixture(scope="session")
def opensearch_url(live_nodes: Nodes) -> str:
    """The URL of a real OpenSearch node."""
    return live_nodes.url("opensearch")


@pytest.fixture(scope="session")
def elasticsearch_url(live_nodes: Nodes) -> str:
    """The URL of a real Elasticsearch node."""
    return live_nodes.url("elasticsearch")


@pytest.fixture(params=sorted(BUILDS))
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Each kind of server in turn, with fresh names."""
    kind = request.param
    url = request.getfixturevalue(f"{kind}_url")
    client = connect(ClusterSettings(hosts=[url], kind=kind))
    name = uuid4().hex[:12]
    yield Cluster(kind, url, client, f"t{name}", f"n{name}")
    client.close()
