"""Sessions by how unlike the most alike session of training they are, in their runs of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats, Reason, Session, Sessions, State, Takes, by_distinct, some
from models.baseline.grams import Hashes, hashes, padded
from models.baseline.words import listed
from models.errors import DataError


class GramNeighbours(Detector[Sessions]):
    """The cosine distance to the nearest session of training: 0 for the same, 1 for nothing alike.

    A session is the vector of its n-grams of all lengths up to `order`: 1 + ln of how often each
    occurs, weighted by how few sessions have it (TF-IDF). N-grams that training never had count
    too, and are like nothing. Of `columns` n-grams, those that most sessions have, the vectors are
    made, and `most` different sessions are kept, drawn by `seed`; a session is then compared with
    those. Order 2 and one neighbour did best at finding kinds of process left out of ADFA-LD's
    training traces; kinds were clusters of like vectors, which suits this detector.
    """

    name: ClassVar[str] = "gram-neighbours"
    takes: ClassVar[Takes] = Takes.SESSIONS
    source: ClassVar[str] = (
        "Liao, Vemuri: Use of K-Nearest Neighbor Classifier for Intrusion Detection (2002); "
        "n-grams as in Rieck, Laskov: Language Models for Detection of Unknown Attacks in Network "
        "Traffic (2007)"
    )
    seeded: ClassVar[bool] = True

    def __init__(
        self, order: int = 2, columns: int = 8_192, most: int = 2_000, seed: int = 0
    ) -> None:
        if min(order, columns, most) < 1:
            raise DataError("order, columns and most are 1 or more")
        self.order, self.columns, self.most, self.seed = order, columns, most, seed
        self._grams: Hashes = np.zeros(0, dtype=np.uint64)
        """In order; those of them that are no column have -1 in `_places`."""
        self._places: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._weights: Floats = np.zeros(0)
        self._new = 0.0
        self._kept: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)

    def fit(self, data: Sessions) -> Self:
        """Weigh the n-grams of `data` and keep some of its sessions."""
        some(data)
        distinct = list(dict.fromkeys(data))
        bags = [self._bag(session) for session in distinct]
        self._grams, having = np.unique(
            np.concatenate([grams for grams, _ in bags]), return_counts=True
        )
        self._weights = np.log((1 + len(distinct)) / (1 + having)) + 1
        self._new = float(np.log(1 + len(distinct)) + 1)
        chosen = np.sort(np.argsort(-having, kind="stable")[: self.columns])
        self._places = np.full(len(self._grams), -1, dtype=np.int64)
        self._places[chosen] = np.arange(len(chosen))
        rng = np.random.default_rng(self.seed)
        kept = np.sort(rng.permutation(len(distinct))[: self.most])
        # Columns first: a session then reads as many rows as it has n-grams.
        self._kept = np.zeros((len(chosen), len(kept)), dtype=np.float32)
        for at, which in enumerate(kept):
            places, values, _ = self._vector(*bags[which])
            self._kept[places, at] = values
        return self

    def score(self, data: Sessions) -> Floats:
        """One minus the cosine to the most alike session that is kept."""
        return by_distinct(data, lambda distinct: np.array([*map(self._distance, distinct)]))

    def explain(self, data: Sessions, at: int, most: int = 3) -> list[Reason]:
        """The n-grams that weigh most and that the most alike session lacks."""
        session = data[at]
        whole = padded([session], self.order)
        rows = hashes(whole.events, self.order)
        nearest = self._nearest(session)
        weights = dict(zip(*self._shares(session), strict=True))
        missing: dict[tuple[int, ...], float] = {}
        for n in range(1, self.order + 1):
            for end, place in enumerate(whole.places.tolist(), 1):
                gram = int(rows[n - 1][place])
                if gram in weights and not self._has(nearest, gram):
                    missing[(*session, -1)[max(0, end - n) : end]] = weights[gram]
        ranked = sorted(missing.items(), key=lambda part: (-part[1], part[0]))[:most]
        reasons = [_reason(gram, share) for gram, share in ranked]
        return reasons or [Reason("n-grams", 0.0, "a session with these runs of events is known")]

    def state(self) -> State:
        """The n-grams with their weights, and the kept sessions as sparse columns."""
        rows, columns = np.nonzero(self._kept)
        arrays: dict[str, NDArray[Any]] = {
            "grams": self._grams,
            "places": self._places,
            "weights": self._weights,
            "rows": rows.astype(np.int32),
            "columns": columns.astype(np.int32),
            "values": self._kept[rows, columns],
        }
        facts = {"new": self._new, "shape": list(self._kept.shape)}
        parameters = {
            "order": self.order,
            "columns": self.columns,
            "most": self.most,
            "seed": self.seed,
        }
        return State(parameters, facts, arrays)

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of."""
        made = cls(**state.parameters)
        arrays = state.arrays
        made._grams, made._places = arrays["grams"], arrays["places"]
        made._weights, made._new = arrays["weights"], float(state.facts["new"])
        height, width = (int(size) for size in state.facts["shape"])
        if not (0 <= height <= made.columns and 0 < width <= made.most):
            raise DataError(f"{height} columns of {width} sessions break its parameters")
        made._kept = np.zeros((height, width), dtype=np.float32)
        made._kept[arrays["rows"], arrays["columns"]] = arrays["values"]
        return made

    def _bag(self, session: Session) -> tuple[Hashes, Floats]:
        """The distinct n-grams of `session`, and 1 + ln of how often each occurs."""
        whole = padded([session], self.order)
        rows = hashes(whole.events, self.order)
        grams, counts = np.unique(
            np.concatenate([row[whole.places] for row in rows]), return_counts=True
        )
        return grams, 1 + np.log(counts)

    def _vector(self, grams: Hashes, counts: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Its columns, their values in a vector of length 1, and the values of all n-grams."""
        at = np.minimum(np.searchsorted(self._grams, grams), len(self._grams) - 1)
        known = self._grams[at] == grams
        values = counts * np.where(known, self._weights[at], self._new)
        values /= np.sqrt((values**2).sum())
        columns = np.where(known, self._places[at], -1)
        return columns[columns >= 0], values[columns >= 0], values

    def _distance(self, session: Session) -> float:
        return max(0.0, 1 - float(self._cosines(session).max()))

    def _cosines(self, session: Session) -> Floats:
        places, values, _ = self._vector(*self._bag(session))
        cosines: Floats = values @ self._kept[places].astype(np.float64)
        return cosines

    def _nearest(self, session: Session) -> int:
        return int(self._cosines(session).argmax())

    def _shares(self, session: Session) -> tuple[Sequence[int], Sequence[float]]:
        """The n-grams of `session`, and the share of each in its squared length."""
        grams, counts = self._bag(session)
        return grams.tolist(), (self._vector(grams, counts)[2] ** 2).tolist()

    def _has(self, nearest: int, gram: int) -> bool:
        at = min(int(np.searchsorted(self._grams, np.uint64(gram))), len(self._grams) - 1)
        if self._grams[at] != np.uint64(gram) or self._places[at] < 0:
            return False
        return bool(self._kept[self._places[at], nearest])


def _reason(gram: tuple[int, ...], share: float) -> Reason:
    events = [event for event in gram if event >= 0]
    run = listed(events) + (" and then the end" if len(events) < len(gram) else "")
    return Reason(run, float(share), f"{run}: not in the most alike session of training")
