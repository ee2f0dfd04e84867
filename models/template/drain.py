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
from dataclasses import dataclass
from typing import TypeAlias

from models.errors import ModelError
from models.template.mask import WILD, Tokens

BYTES_OF_TOKEN = 64
"""About what one costs beside its characters."""


@dataclass(slots=True)
class Cluster:
    """Lines of one template. `path` are the keys of the tree that lead to it."""

    number: int
    tokens: Tokens
    path: Tokens


Leaf: TypeAlias = list[Cluster]
Node: TypeAlias = dict[str, "Node | Leaf"]


class Drain:
    """Clusters of masked lines, numbered from 1 in the order of their first lines.

    depth        levels of the tree, at least 3: with 4 the first token chooses the leaf
    similarity   share of tokens that must be equal for a line to join a cluster
    children     most branches of a node; further tokens share one
    most, room   clusters that there may be, bytes that their templates may take: what
                 comes when it is full belongs to none

    `clusters` are all, that of number 1 first, and `lengths` those of each number of tokens.
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
        self.lengths: dict[int, list[Cluster]] = {}
        self._tree: Node = {}

    def learn(self, tokens: Tokens) -> tuple[Cluster | None, bool]:
        """The cluster of a line, and whether there is a new one or its template changed.

        None when the line fits no cluster and there is no room for another.
        """
        found = self._nearest(tokens)
        if found is None:
            return self._found(tokens)
        merged = tuple(
            old if old == new else WILD for old, new in zip(found.tokens, tokens, strict=True)
        )
        changed = merged != found.tokens
        found.tokens = merged
        return found, changed

    def restore(self, tokens: Tokens, wild: Iterable[bool]) -> None:
        """Add the next cluster as it once was; `wild` says which keys of its path are `<*>`."""
        keys = zip(tokens[: self._steps(tokens)], wild, strict=False)
        self._add(tokens, tuple(WILD if any_ else token for token, any_ in keys))

    def _nearest(self, tokens: Tokens) -> Cluster | None:
        best, most, equal = None, (-1, -1), None
        for cluster in self._leaf(tokens):
            found = agreement(cluster.tokens, tokens)
            if found > most:
                best, most = cluster, found
            if cluster.tokens == tokens:
                equal = cluster
        if best is not None and (not tokens or most[0] / len(tokens) >= self.similarity):
            return best
        return equal

    def _leaf(self, tokens: Tokens) -> Leaf:
        node = self._tree.get(str(len(tokens)))
        for token in tokens[: self._steps(tokens)]:
            if not isinstance(node, dict):
                return []
            node = node.get(token, node.get(WILD))
        return node if isinstance(node, list) else []

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
        self.lengths.setdefault(len(tokens), []).append(cluster)
        self.room -= sum(map(len, tokens)) + BYTES_OF_TOKEN * len(tokens)
        node = self._tree
        *keys, last = str(len(tokens)), *path
        for key in keys:
            child = node.setdefault(key, {})
            assert isinstance(child, dict)
            node = child
        leaf = node.setdefault(last, [])
        assert isinstance(leaf, list)
        leaf.append(cluster)
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


def agreement(template: Tokens, tokens: Tokens) -> tuple[int, int]:
    """How many tokens are equal, and how many of the template's stand for any."""
    same = wilds = 0
    for old, new in zip(template, tokens, strict=True):
        if old == WILD:
            wilds += 1
        elif old == new:
            same += 1
    return same, wilds
