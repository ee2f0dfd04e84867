"""Texts as clusters: an encoder; its vectors reduced for HDBSCAN, and whole for distances."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from models.base import (
    Arrays,
    Detector,
    Floats,
    Reason,
    State,
    Takes,
    Texts,
    by_distinct,
    finite,
    some,
)
from models.cluster.clustering import NOISE, ordinary
from models.cluster.hdbscan import EXEMPLARS, Hdbscan
from models.cluster.identity import matched
from models.cluster.labels import label
from models.cluster.points import Numbers, nearest
from models.embed.cache import Cached
from models.embed.choose import BEST, encoder
from models.embed.encoder import Vectors
from models.embed.pca import Reduction
from models.errors import DataError, StoreError

FEW = 5_000
"""Up to so many texts `FINE` columns are kept, of more `COARSE`: HDBSCAN's time grows fast with
them. With 50,000 texts it took 8 s of CPU in 5 columns, 35 s in 8."""

FINE, COARSE = 32, 5
OUTLIER = 0.25
"""What the outlier score weighs beside the distance."""

SAME = 1e-4
"""Vectors (of length 1) nearer than that are of one text: encoded in another batch, it has others
in the last digits."""

LOOKED_AT = 500
"""Texts of training whose nearest other says what distance is ordinary."""


class EmbeddingHdbscan(Detector[Texts]):
    """How far the meaning of a text is from that of every known one.

    The score is the distance between the text's vector and the nearest known, in units of what is
    ordinary between neighbours of training, plus a quarter of HDBSCAN's outlier score: 0 is known,
    about 1 ordinary. Distances are those of whole vectors. In the few columns that HDBSCAN can bear
    the nearest known text is no guide: with templates of eleven systems of loghub, each trained on
    alone and asked to tell the others' (none of them scored in `docs/evaluation.md`), the mean ROC
    area was .50 in 16 columns, .71 in 32 and .88 by whole vectors.

    `encoder` is a name of `models/embed/choose.py` or the folder of one that was tuned. A fitted
    detector works with that encoder alone, and says so if another is there. `columns` None is by
    the number of texts.
    """

    name: ClassVar[str] = "embedding-hdbscan"
    takes: ClassVar[Takes] = Takes.TEXTS
    learns_with: ClassVar[tuple[str, ...]] = ("hdbscan", "scipy")
    source: ClassVar[str] = (
        "Reimers, Gurevych: Sentence-BERT (2019); Campello, Moulavi, Zimek, Sander: Hierarchical "
        "Density Estimates for Data Clustering, Visualization, and Outlier Detection (2015)"
    )
    seeded: ClassVar[bool] = True

    def __init__(
        self,
        encoder: str = BEST,
        columns: int | None = None,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        most: int = 50_000,
        seed: int = 0,
    ) -> None:
        self.encoder = encoder
        self.columns = columns
        self.clusters = Hdbscan(min_cluster_size, min_samples, most, seed)
        self._encoder: Cached | None = None
        self._reduction: Reduction
        self._vectors: Vectors
        self._labels: Numbers
        self._ordinary = 1.0
        self._typical: dict[int, list[str]] = {}

    def fit(self, data: Texts) -> Self:
        """Learn where texts lie: each that differs once, however often it occurs."""
        some(data)
        self._encoder = encoder(self.encoder)
        texts = self._sample(list(dict.fromkeys(data)))
        self._vectors = self._encoder.encode(texts)
        columns = self.columns or (FINE if len(texts) <= FEW else COARSE)
        self._reduction = Reduction.fit(self._vectors, columns)
        self.clusters.fit(self._reduction(self._vectors))
        self._labels = self.clusters.places.labels[self.clusters.trained]
        self._ordinary = self._find_ordinary()
        self._typical = self._find_typical(texts)
        return self

    def score(self, data: Texts) -> Floats:
        """How strange each text is; see the class."""
        return by_distinct(data, self._scores)

    def assign(self, data: Texts) -> tuple[Numbers, Floats]:
        """The cluster nearest each text and the distance to it; `NOISE` where there is none."""
        vectors = self._using().encode(data)
        inside = np.flatnonzero(self._labels != NOISE)
        if not len(inside):
            return np.full(len(data), NOISE, np.intp), self._distances(vectors)
        apart, at = nearest(self._vectors[inside], vectors, 1)
        return self._labels[inside[at[:, 0]]], apart[:, 0]

    def vectors(self, data: Texts) -> Vectors:
        """What each text means to its encoder, (n, width)."""
        return self._using().encode(data)

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
        names = self.clusters.keep_ids(same, before.clusters.following)
        self._labels = np.array([names.get(each, NOISE) for each in self._labels.tolist()], np.intp)
        self._typical = {names[each]: texts for each, texts in self._typical.items()}
        return self

    def explain(self, data: Texts, at: int, most: int = 3) -> list[Reason]:
        """The nearest known cluster in words with its label and distance, and what is typical."""
        vectors = self._using().encode([data[at]])
        (cluster,), (apart,) = self.assign([data[at]])
        number, distance = int(cluster), float(self._distances(vectors)[0])
        outlier = float(self.clusters.outlier(self._reduction(vectors))[0])
        reasons = [
            Reason("cluster", distance / self._ordinary, self._words(number, apart, distance)),
            Reason(
                "outlier",
                OUTLIER * outlier,
                f"it is {outlier:.0%} sparser there than in the densest part nearby",
            ),
        ]
        if typical := self._typical.get(number):
            words = f"typical of that cluster: {typical[0][:200]}"
            reasons.insert(1, Reason("typical", 0.0, words))
        return reasons[:most]

    def state(self) -> State:
        """The clusters, vectors, the reduction, the encoder's fingerprint and the typical texts."""
        inner, using = self.clusters.state(), self._using()
        facts = {
            "clusters": dict(inner.facts),
            "encoder": {"name": using.name, "fingerprint": using.fingerprint},
            "ordinary": self._ordinary,
            "typical": [[cluster, texts] for cluster, texts in self._typical.items()],
        }
        own: Arrays = {"vectors": self._vectors, "of_vectors": self._labels}
        return State(
            {"encoder": self.encoder, "columns": self.columns, **inner.parameters},
            facts,
            {**inner.arrays, **self._reduction.arrays(), **own},
        )

    @classmethod
    def restore(cls, state: State) -> Self:
        """The detector that `state` was taken of; `StoreError` if its encoder is not there."""
        made = cls(**state.parameters)
        told, arrays = state.facts["encoder"], state.arrays
        made._encoder = encoder(str(told["name"]))
        if made._encoder.fingerprint != told["fingerprint"]:
            raise StoreError(f"was fitted with an encoder {told['name']!r} of other files")
        inner = {k: v for k, v in state.parameters.items() if k not in ("encoder", "columns")}
        made.clusters = Hdbscan.restore(State(inner, state.facts["clusters"], arrays))
        made._reduction = Reduction.restore(arrays)
        made._vectors, made._labels = arrays["vectors"], arrays["of_vectors"]
        if made._vectors.shape != (len(made._labels), made._encoder.width):
            raise StoreError("holds vectors that are not its encoder's")
        made._ordinary = float(state.facts["ordinary"])
        made._typical = {int(cluster): list(texts) for cluster, texts in state.facts["typical"]}
        return made

    def _using(self) -> Cached:
        if self._encoder is None:
            raise DataError("it was not fitted")
        return self._encoder

    def _scores(self, texts: list[str]) -> Floats:
        vectors = self._using().encode(texts)
        outlier = self.clusters.outlier(self._reduction(vectors))
        return finite(self._distances(vectors) / self._ordinary + OUTLIER * outlier)

    def _distances(self, vectors: Vectors) -> Floats:
        apart = nearest(self._vectors, vectors, 1)[0][:, 0]
        return np.where(apart < SAME, 0.0, apart)

    def _words(self, cluster: int, apart: float, distance: float) -> str:
        ratio = f"{distance / self._ordinary:.3g} times what is ordinary"
        if cluster == NOISE:
            return f"{distance:.2f} from anything known, {ratio}; no cluster is known"
        size = int((self._labels == cluster).sum())
        named = self.labels().get(cluster, "")
        words = f"the nearest known cluster is {cluster} ({named}; {size} texts), {apart:.2f} away"
        return f"{words}; the nearest known text is {distance:.2f} away, {ratio}"

    def _sample(self, texts: list[str]) -> list[str]:
        most = self.clusters.most
        if len(texts) <= most:
            return texts
        rng = np.random.default_rng(self.clusters.seed)
        kept = np.sort(rng.choice(len(texts), most, replace=False))
        return [texts[at] for at in kept.tolist()]

    def _find_ordinary(self) -> float:
        """The median distance from a text of training to the nearest other one."""
        rng = np.random.default_rng(self.clusters.seed)
        count = len(self._vectors)
        chosen = rng.choice(count, min(count, LOOKED_AT), replace=False)
        return ordinary(nearest(self._vectors, self._vectors[chosen], 2)[0][:, -1])

    def _find_typical(self, texts: list[str]) -> dict[int, list[str]]:
        """The texts at each cluster's exemplars."""
        first = {place: at for at, place in reversed([*enumerate(self.clusters.trained.tolist())])}
        return {
            cluster: [texts[first[place]] for place in places.tolist()][:EXEMPLARS]
            for cluster, places in self.clusters.exemplars().items()
        }
