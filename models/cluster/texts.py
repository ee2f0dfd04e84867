"""Texts as clusters: an encoder, a reduction, then HDBSCAN."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from models.base import Detector, Floats, Reason, State, Takes, Texts, by_distinct, some
from models.cluster.hdbscan import EXEMPLARS, Hdbscan
from models.cluster.identity import matched
from models.cluster.labels import label
from models.cluster.points import Numbers, nearest
from models.embed.cache import Cached
from models.embed.choose import BEST, encoder
from models.embed.pca import Reduction
from models.errors import DataError, StoreError


class EmbeddingHdbscan(Detector[Texts]):
    """How far the meaning of a text is from all that is known; the score is that of `Hdbscan`.

    `encoder` is a name of `models/embed/choose.py` or the folder of one that was tuned. A fitted
    detector works with that encoder alone, and says so if another is there. `columns` is how many
    principal components are kept, beside a column for what they leave out.
    """

    name: ClassVar[str] = "embedding-hdbscan"
    takes: ClassVar[Takes] = Takes.TEXTS
    source: ClassVar[str] = (
        "Reimers, Gurevych: Sentence-BERT (2019); Campello, Moulavi, Zimek, Sander: Hierarchical "
        "Density Estimates for Data Clustering, Visualization, and Outlier Detection (2015)"
    )
    seeded: ClassVar[bool] = True

    def __init__(
        self,
        encoder: str = BEST,
        columns: int = 8,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        most: int = 50_000,
        seed: int = 0,
    ) -> None:
        self.encoder = encoder
        self.columns = columns
        self.inner = Hdbscan(min_cluster_size, min_samples, most, seed)
        self._encoder: Cached | None = None
        self._reduction: Reduction
        self._typical: dict[int, list[str]] = {}

    def fit(self, data: Texts) -> Self:
        """Learn where texts lie: each that differs once, however often it occurs."""
        some(data)
        self._encoder = encoder(self.encoder)
        texts = _sample(list(dict.fromkeys(data)), self.inner.most, self.inner.seed)
        vectors = self._encoder.encode(texts)
        self._reduction = Reduction.fit(vectors, self.columns)
        points = self._reduction(vectors)
        self.inner.fit(points)
        self._typical = self._find_typical(texts, points)
        return self

    def score(self, data: Texts) -> Floats:
        """How strange each text is; 1 or less is ordinary."""
        return by_distinct(data, lambda texts: self.inner.score(self._points(texts)))

    def assign(self, data: Texts) -> tuple[Numbers, Floats]:
        """The cluster nearest each text and the distance to it; `NOISE` where there is none."""
        return self.inner.assign(self._points(data))

    def labels(self) -> dict[int, str]:
        """A readable label for each cluster."""
        return {cluster: label(texts) for cluster, texts in self._typical.items()}

    def typical(self) -> dict[int, list[str]]:
        """The most typical texts of each cluster, the most typical first."""
        return {cluster: list(texts) for cluster, texts in self._typical.items()}

    def following(self, before: EmbeddingHdbscan) -> Self:
        """Keep the numbers of clusters that `before` had too: those whose typical texts agree."""
        pairs = [(old, text) for old, texts in before._typical.items() for text in texts]
        after, _ = self.assign([text for _, text in pairs])
        same = matched([old for old, _ in pairs], after)
        self.inner.keep_ids(same, before.inner.following)
        names = dict(zip(self._typical, self.inner.places.ids.tolist(), strict=True))
        self._typical = {names[each]: texts for each, texts in self._typical.items()}
        return self

    def explain(self, data: Texts, at: int, most: int = 3) -> list[Reason]:
        """The nearest known cluster in words with its label and distance, and what is typical."""
        points = self._points([data[at]])
        (cluster,), (apart,) = self.inner.assign(points)
        number = int(cluster)
        reasons = []
        for reason in self.inner.explain(points, 0, most):
            if reason.feature == "cluster":
                words = self.inner.words(number, apart, self.labels().get(number, ""))
                reason = Reason("cluster", reason.contribution, words)
            reasons.append(reason)
        if typical := self._typical.get(number):
            reasons.append(Reason("typical", 0.0, f"typical of that cluster: {typical[0][:200]}"))
        return reasons[:most]

    def state(self) -> State:
        """The inner detector, the reduction, the encoder's fingerprint and the typical texts."""
        inner = self.inner.state()
        parameters = {"encoder": self.encoder, "columns": self.columns, **inner.parameters}
        using = self._using()
        facts = {
            "inner": dict(inner.facts),
            "encoder": {"name": using.name, "fingerprint": using.fingerprint},
            "typical": [[cluster, texts] for cluster, texts in self._typical.items()],
        }
        return State(parameters, facts, {**inner.arrays, **self._reduction.arrays()})

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of; `StoreError` if its encoder is not there."""
        made = cls(**state.parameters)
        told = state.facts["encoder"]
        made._encoder = encoder(str(told["name"]))
        if made._encoder.fingerprint != told["fingerprint"]:
            raise StoreError(
                f"was fitted with another encoder {told['name']!r}: its files are not the same"
            )
        inner = {k: v for k, v in state.parameters.items() if k not in ("encoder", "columns")}
        made.inner = Hdbscan.restore(State(inner, state.facts["inner"], state.arrays))
        made._reduction = Reduction.restore(state.arrays)
        made._typical = {int(cluster): list(texts) for cluster, texts in state.facts["typical"]}
        return made

    def _using(self) -> Cached:
        if self._encoder is None:
            raise DataError("it was not fitted")
        return self._encoder

    def _points(self, texts: Texts) -> Floats:
        return self._reduction(self._using().encode(texts))

    def _find_typical(self, texts: Texts, points: Floats) -> dict[int, list[str]]:
        """The texts at each cluster's exemplars."""
        found = {}
        for cluster, places in self.inner.exemplars().items():
            _, at = nearest(points, places, 1)
            chosen = list(dict.fromkeys(texts[each] for each in at[:, 0].tolist()))
            found[cluster] = chosen[:EXEMPLARS]
        return found


def _sample(texts: list[str], most: int, seed: int) -> list[str]:
    if len(texts) <= most:
        return texts
    kept = np.sort(np.random.default_rng(seed).choice(len(texts), most, replace=False))
    return [texts[at] for at in kept.tolist()]
