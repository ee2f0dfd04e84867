"""How well vectors find lines of the same template: the table before and after tuning."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from models.base import Texts
from models.embed.encoder import Encoder
from models.errors import DataError


@dataclass(frozen=True, slots=True)
class Found:
    """Shares in [0, 1] over the lines that have another of their template."""

    first: float
    """The nearest other line is of the same template."""
    precision: float
    """Mean average precision over all others, in the order of their nearness."""
    apart: float
    """Mean cosine within a template less that between templates."""


def retrieval(encoder: Encoder, texts: Texts, templates: Sequence[Hashable]) -> Found:
    """How well `encoder` finds, for each of `texts`, the others of its template.

    `DataError` if no two lines share a template, or all do. Takes memory for n² cosines.
    """
    numbers = {each: at for at, each in enumerate(dict.fromkeys(templates))}
    kinds = np.array([numbers[each] for each in templates])
    same = kinds[:, None] == kinds
    np.fill_diagonal(same, False)
    asked = same.any(axis=1)
    if len(texts) != len(kinds) or not asked.any() or len(numbers) < 2:
        raise DataError("two lines of one template are needed, and one of another")
    vectors = encoder.encode(texts)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2.0)
    order = np.argsort(-cosines[asked], axis=1, kind="stable")[:, :-1]
    right = np.take_along_axis(same[asked], order, axis=1)
    share = np.cumsum(right, axis=1) / np.arange(1, right.shape[1] + 1)
    precision = (share * right).sum(axis=1) / right.sum(axis=1)
    other = kinds[:, None] != kinds
    apart = float(cosines[same].mean() - cosines[other].mean())
    return Found(float(right[:, 0].mean()), float(precision.mean()), apart)


def table(rows: Sequence[tuple[str, Found]]) -> str:
    """Each named result as a line of a table, for people."""
    width = max(len(name) for name, _ in rows)
    head = f"{'':{width}}  nearest is right  average precision  cosine apart"
    lines = [
        f"{name:{width}}  {found.first:>16.3f}  {found.precision:>17.3f}  {found.apart:>12.3f}"
        for name, found in rows
    ]
    return "\n".join([head, *lines])
