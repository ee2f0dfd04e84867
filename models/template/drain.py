"""Drain: masked lines into groups by a tree of fixed depth, one line after the other.

He, Zhu, Zheng, Lyu: Drain: An Online Log Parsing Approach with Fixed Depth Tree (ICWS 2017), with
the choices of Drain3 0.9.11, whose groups these are. The tree's first level is the number of
tokens, those below it are the first tokens; its leaves are lists of clusters. The most similar
cluster of the leaf takes the line, and what differs becomes `<*>`.

One thing is not as in Drain3: `<*>` counts for nothing in its similarity, so that a line made of
little but values never reaches the threshold, and each repetition founds a new cluster. Here the
cluster that has just that template takes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from models.errors import ModelError
from models.template.leaf import Cluster, Leaf
from models.template.mask import WILD, Tokens
from models.template.table import Numbers

BYTES_OF_TOKEN = 128
"""About what one costs beside its characters."""


Node: TypeAlias = dict[str, "Node | Leaf"]


class Drain:
    """Clusters of masked lines, numbered from 1 in the order of their first lines.

    depth        levels of the tree, at least 3: with 4 the first token chooses the leaf
    similarity   share of tokens that must be equal for a line to join a cluster
    children     most branches of a node; further tokens share one
    most, room   clusters that there may be, bytes that their templates may take: what
                 comes when it is full belongs to none

    `clusters` are all, that of number 1 first.
    """

    def __init__(
        self,
        depth: int = 4,
        similarity: float = 0.4,
        children: int = 100,
        most: int = 50_000,
        room: int = 1 << 28,
    ) -> None:
        if not (3 <= depth <= 16 and 0 <= similarity <= 1 and children >= 1 and most >= 1):
            raise ModelError(
                "templates need a depth of 3 to 16, a similarity of 0 to 1, and at least one "
                "child and one template"
            )
        self.levels, self.similarity, self.children = depth - 3, similarity, children
        self.most, self.room = most, room
        self.clusters: list[Cluster] = []
        self._lengths: dict[int, Leaf] = {}
        self._numbers = Numbers()
        self._tree: Node = {}

    def learn(self, tokens: Tokens) -> tuple[Cluster | None, bool]:
        """The cluster of a line, and whether there is a new one or its template changed.

        None when the line fits no cluster and there is no room for another.
        """
        leaf = self._leaf(tokens)
        found = leaf.nearest(tokens, self.similarity) if leaf else None
        if found is None:
            return self._found(tokens)
        merged = tuple(
            old if old == new else WILD for old, new in zip(found.tokens, tokens, strict=True)
        )
        if merged == found.tokens:
            return found, False
        found.tokens = merged
        for place, at in found.places:
            place.changed(at)
        return found, True

    def match(self, tokens: Tokens) -> Cluster | None:
        """The cluster with most literal tokens whose template the line fits; None if none."""
        alike = self._lengths.get(len(tokens))
        return alike.fitting(tokens) if alike else None

    def restore(self, tokens: Tokens, wild: Iterable[bool]) -> None:
        """Add the next cluster as it once was; `wild` says which keys of its path are `<*>`."""
        keys = zip(tokens[: self._steps(tokens)], wild, strict=False)
        self._add(tokens, tuple(WILD if any_ else token for token, any_ in keys))

    def _leaf(self, tokens: Tokens) -> Leaf | None:
        node = self._tree.get(str(len(tokens)))
        for token in tokens[: self._steps(tokens)]:
            if not isinstance(node, dict):
                return None
            node = node.get(token, node.get(WILD))
        return node if isinstance(node, Leaf) else None

    def _steps(self, tokens: Tokens) -> int:
        return max(0, min(self.levels, len(tokens) - 1))

    def _found(self, tokens: Tokens) -> tuple[Cluster | None, bool]:
        need = sum(map(len, tokens)) + BYTES_OF_TOKEN * len(tokens)
        if len(self.clusters) >= self.most or need > self.room:
            return None, False
        return self._add(tokens, self._path(tokens)), True

    def _add(self, tokens: Tokens, path: Tokens) -> Cluster:
        cluster = Cluster(len(self.clusters) + 1, tokens, path)
        self.clusters.append(cluster)
        self.room -= sum(map(len, tokens)) + BYTES_OF_TOKEN * len(tokens)
        self._lengths.setdefault(len(tokens), Leaf(self._numbers)).add(cluster)
        node = self._tree
        *keys, last = str(len(tokens)), *path
        for key in keys:
            child = node.setdefault(key, {})
            assert isinstance(child, dict)
            node = child
        leaf = node.setdefault(last, Leaf(self._numbers))
        assert isinstance(leaf, Leaf)
        leaf.add(cluster)
        return cluster

    def _path(self, tokens: Tokens) -> Tokens:
        node = self._tree.get(str(len(tokens)), {})
        path: list[str] = []
        for token in tokens[: self._steps(tokens)]:
            known = node if isinstance(node, dict) else {}
            path.append(self._branch(known, token))
            node = known.get(path[-1], {})
        return tuple(path)

    def _branch(self, node: Node, token: str) -> str:
        """The key under which a new cluster with `token` goes below `node`."""
        if token in node:
            return token
        if any(map(str.isdigit, token)):
            return WILD
        room = self.children - (WILD not in node)
        return token if len(node) < room else WILD
