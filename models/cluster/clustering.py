"""What the methods of clustering share: places they keep, and the distance to the nearest."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from models.base import Arrays, Detector, Floats, Json, Reason, State, Takes, finite
from models.cluster.identity import renamed
from models.cluster.points import Numbers, bounded, distinct, nearest

NOISE = -1
"""The number of what belongs to no cluster."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is kept of the training data."""

    points: Floats
    """Shape (m, d): centroids, core points, or all that differ."""
    labels: Numbers
    """The cluster of each point, or `NOISE`."""
    ids: Numbers
    """The clusters there are."""
    scales: Floats
    """What distance is ordinary in each."""
    sizes: Numbers
    """How many rows of the training data each has."""
    outside: float
    """What distance is ordinary for noise."""


class Clustering(Detector[Any]):
    """A method that finds clusters; its score is a distance in units of an ordinary one.

    `most` bounds the rows that are kept and clustered; of more, a sample is.
    """

    takes: ClassVar[Takes] = Takes.VECTORS
    seeded: ClassVar[bool] = True

    def __init__(self, most: int, seed: int) -> None:
        self.most = most
        self.seed = seed
        self._next = 0
        self.places: Places
        self.trained: Numbers = np.zeros(0, np.intp)
        """Which place each row of `fit` became, -1 if none did; not kept on disk."""

    @abstractmethod
    def _learn(self, points: Floats, counts: Numbers) -> Places:
        """Clusters of `points`, which all differ and occurred so often."""

    def fit(self, data: Any) -> Self:
        """Find the clusters of the rows of `data`."""
        rows, counts, self.trained = distinct(data, self.most, self.seed)
        self.places = self._learn(rows, counts)
        self._next = int(self.places.ids.max(initial=NOISE)) + 1
        return self

    def score(self, data: Any) -> Floats:
        """The distance to the nearest place, by what is ordinary there; 1 is ordinary."""
        rows = self._rows(data)
        apart, at = nearest(self.places.points, rows, 1)
        return finite(apart[:, 0] / self._scales(at[:, 0]))

    def assign(self, data: Any) -> tuple[Numbers, Floats]:
        """The cluster nearest each row and the distance to it; `NOISE` where there is none."""
        rows = self._rows(data)
        places = self.places
        inside = np.flatnonzero(places.labels != NOISE)
        if not len(inside):
            apart, _ = nearest(places.points, rows, 1)
            return np.full(len(rows), NOISE, np.intp), apart[:, 0]
        apart, at = nearest(places.points[inside], rows, 1)
        return places.labels[inside[at[:, 0]]], apart[:, 0]

    def explain(self, data: Any, at: int, most: int = 3) -> list[Reason]:
        """The nearest cluster and how far it is, then the columns that make the distance."""
        row = self._rows(data[at : at + 1])
        (cluster,), (apart,) = self.assign(row)
        _, number = nearest(self.places.points, row, 1)
        reason = Reason("cluster", float(self.score(row)[0]), self.words(int(cluster), apart))
        return [reason, *_columns(row[0] - self.places.points[number[0, 0]])][:most]

    def words(self, cluster: int, apart: float, label: str = "") -> str:
        """The nearest cluster, its label and its distance, as a sentence."""
        if cluster == NOISE:
            return f"{apart:.3g} from anything known; nothing known is alike enough for a cluster"
        place = int(np.flatnonzero(self.places.ids == cluster)[0])
        ratio = apart / self.places.scales[place]
        named = f" ({label})" if label else ""
        return (
            f"the nearest known cluster is {cluster}{named} with {self.places.sizes[place]} of "
            f"training, {apart:.3g} away, {ratio:.3g} times what is ordinary in it"
        )

    def keep_ids(self, same: dict[int, int], following: int) -> dict[int, int]:
        """Give clusters the numbers in `same`, others new ones from `following` on; {was: is}."""
        places = self.places
        names, self._next = renamed(places.ids, same, following)
        labels = np.array([names.get(int(each), NOISE) for each in places.labels], np.intp)
        ids = np.array([names[int(each)] for each in places.ids], np.intp)
        self.places = Places(
            places.points, labels, ids, places.scales, places.sizes, places.outside
        )
        return names

    @property
    def following(self) -> int:
        """The number that a new cluster would get."""
        return self._next

    def state(self) -> State:
        """The places."""
        places = self.places
        arrays: Arrays = {
            "points": places.points,
            "labels": places.labels,
            "ids": places.ids,
            "scales": places.scales,
            "sizes": places.sizes,
        }
        return State(self._parameters(), {"next": self._next, "outside": places.outside}, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        a, facts = state.arrays, state.facts
        made.places = Places(
            a["points"], a["labels"], a["ids"], a["scales"], a["sizes"], float(facts["outside"])
        )
        made._next = int(facts["next"])
        return made

    def _parameters(self) -> dict[str, Json]:
        return {"most": self.most, "seed": self.seed}

    def _rows(self, data: Any) -> Floats:
        return bounded(data, self.places.points.shape[1])

    def _scales(self, at: Numbers) -> Floats:
        places = self.places
        scales = np.full(len(at), places.outside)
        labels = places.labels[at]
        for cluster, scale in zip(places.ids, places.scales, strict=True):
            scales[labels == cluster] = scale
        return scales


def ordinary(apart: Floats) -> float:
    """The median of distances, or the least that is no zero."""
    middle = float(np.median(apart)) if len(apart) else 0.0
    if middle > 0:
        return middle
    some = apart[apart > 0]
    return float(some.min()) if len(some) else 1.0


def _columns(difference: Floats) -> list[Reason]:
    order = np.argsort(-np.abs(difference), kind="stable")
    return [
        Reason(
            f"column {column}",
            float(abs(difference[column])),
            f"column {column} is {abs(difference[column]):.3g} "
            f"{'above' if difference[column] > 0 else 'below'} the nearest known place",
        )
        for column in order.tolist()
        if difference[column]
    ]
