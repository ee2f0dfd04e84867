"""Clusters that are compared with a line together: those of a leaf of the tree, or of a length."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.template.mask import WILD, Tokens
from models.template.table import Numbers, Table

FEW = 24
"""Up to so many clusters a loop is faster than a table."""


@dataclass(slots=True, eq=False)
class Cluster:
    """Lines of one template. `path` are the keys of the tree that lead to it.

    `places` are the leaves that it is in, and which one of theirs it is.
    """

    number: int
    tokens: Tokens
    path: Tokens
    places: list[tuple[Leaf, int]] = field(default_factory=list)


class Leaf:
    """Clusters of templates of one length, in the order in which they were added."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._clusters: list[Cluster] = []
        self._table: Table | None = None

    def add(self, cluster: Cluster) -> None:
        """Add a cluster."""
        cluster.places.append((self, len(self._clusters)))
        self._clusters.append(cluster)
        if self._table is not None:
            self._table.add(self._numbers.of_template(cluster.tokens))
        elif len(self._clusters) > FEW:
            self._table = Table(len(cluster.tokens))
            for each in self._clusters:
                self._table.add(self._numbers.of_template(each.tokens))

    def changed(self, at: int) -> None:
        """The template of one of the clusters is another one now."""
        if self._table is not None:
            self._table.change(at, self._numbers.of_template(self._clusters[at].tokens))

    def nearest(self, tokens: Tokens, least: float) -> Cluster | None:
        """The cluster with most tokens equal to the line's, of several the one with most `<*>`.

        It must have a share of `least` equal; else the one whose template is just what the line
        is; else None. Of clusters that are alike in this the first counts.
        """
        if self._table is not None:
            at = self._table.nearest(self._numbers.of_line(tokens), least)
            return None if at is None else self._clusters[at]
        best, most, equal = None, (-1, -1), None
        for cluster in self._clusters:
            found = _agreement(cluster.tokens, tokens)
            if found > most:
                best, most = cluster, found
            if cluster.tokens == tokens:
                equal = equal or cluster
        return best if not tokens or most[0] / len(tokens) >= least else equal

    def fitting(self, tokens: Tokens) -> Cluster | None:
        """The cluster that the line fits with most tokens equal; None if it fits none."""
        if self._table is not None:
            at = self._table.fitting(self._numbers.of_line(tokens))
            return None if at is None else self._clusters[at]
        best, most = None, -1
        for cluster in self._clusters:
            same, wilds = _agreement(cluster.tokens, tokens)
            if same + wilds == len(tokens) and same > most:
                best, most = cluster, same
        return best


def _agreement(template: Tokens, tokens: Tokens) -> tuple[int, int]:
    """How many tokens are equal, and how many of the template's stand for any."""
    same = wilds = 0
    for old, new in zip(template, tokens, strict=True):
        if old == WILD:
            wilds += 1
        elif old == new:
            same += 1
    return same, wilds
