"""TF-IDF: texts to vectors of weighted n-grams, of length 1.

Spärck Jones: A Statistical Interpretation of Term Specificity (1972), with scikit-learn's
smoothing: idf = ln((1 + n) / (1 + df)) + 1, tf = 1 + ln(count).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Self

import numpy as np

from models.base import Floats, State, Texts, some
from models.errors import ModelError, StoreError
from models.feature.grams import character_grams, word_grams


class TfIdf:
    """Rows of n-gram weights; what training never saw counts for nothing.

    kind        "word" or "character"
    low, high   lengths of n-grams, in words or characters
    most        columns at most: the n-grams that most texts have. The rows are dense
    """

    def __init__(self, kind: str = "word", low: int = 1, high: int = 2, most: int = 1_024) -> None:
        if kind not in ("word", "character") or not 1 <= low <= high or most < 1:
            raise ModelError("TF-IDF is of word or character grams, 1 ≤ low ≤ high, one or more")
        self._parameters = {"kind": kind, "low": low, "high": high, "most": most}
        self._kind, self._low, self._high, self._most = kind, low, high, most
        self._columns: dict[str, int] = {}
        self._idf: Floats = np.zeros(0)

    def grams(self) -> list[str]:
        """The n-gram of each column."""
        return list(self._columns)

    def fit(self, texts: Texts) -> Self:
        """Learn which n-grams there are, and in how many texts each is."""
        some(texts)
        found: Counter[str] = Counter()
        for text in texts:
            found.update(set(self._grams(text)))
        common = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[: self._most]
        kept = sorted(common)
        self._columns = {gram: column for column, (gram, _) in enumerate(kept)}
        counts = np.array([count for _, count in kept], dtype=np.float64)
        self._idf = np.log((1 + len(texts)) / (1 + counts)) + 1
        return self

    def transform(self, texts: Texts) -> Floats:
        """An array (n, columns); a row without a known n-gram is 0."""
        rows = np.zeros((len(texts), len(self._columns)))
        for row, text in zip(rows, texts, strict=True):
            for gram, count in Counter(self._grams(text)).items():
                column = self._columns.get(gram)
                if column is not None:
                    row[column] = (1 + np.log(count)) * self._idf[column]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows

    def state(self) -> State:
        """All that `restore` needs."""
        return State(dict(self._parameters), {"grams": self.grams()}, {"idf": self._idf})

    @classmethod
    def restore(cls, state: State) -> Self:
        """What `state` was taken of; `StoreError` if it does not hold together."""
        try:
            made = cls(**state.parameters)
            made._columns = {str(gram): at for at, gram in enumerate(state.facts["grams"])}
            made._idf = np.asarray(state.arrays["idf"], dtype=np.float64)
        except (ModelError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the weights do not hold together: {error!r}") from error
        if made._idf.shape != (len(made._columns),):
            raise StoreError("there are not as many weights as n-grams")
        return made

    def _grams(self, text: str) -> Iterator[str]:
        of = word_grams if self._kind == "word" else character_grams
        return of(text, self._low, self._high)
