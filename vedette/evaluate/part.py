"""What a public set gives: parts to learn from and to score, in the order of time."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.base import Floats, Session
from models.calibrate.cross import take
from models.feature.volume import Volumes


@dataclass(frozen=True, slots=True)
class Part:
    """Sessions (or windows of an entity) with what is known of each; all of equal length n.

    `blocks` names what must stay together in folds and bootstraps, `families` the attack ("" for
    normal), `weights` for how many of its kind each stands, `texts` the messages of each where
    there are any.
    """

    sessions: Sequence[Session]
    blocks: Sequence[Hashable]
    families: Sequence[str]
    weights: Floats
    texts: Sequence[tuple[str, ...]] | None = None
    volumes: Volumes | None = None

    @classmethod
    def of(
        cls,
        sessions: Sequence[Session],
        blocks: Sequence[Hashable] | None = None,
        families: Sequence[str] | None = None,
        texts: Sequence[tuple[str, ...]] | None = None,
    ) -> Self:
        """A part in which each counts once; without blocks, each is one of its own."""
        return cls(
            sessions,
            range(len(sessions)) if blocks is None else blocks,
            [""] * len(sessions) if families is None else families,
            np.ones(len(sessions)),
            texts,
        )

    @property
    def labels(self) -> NDArray[np.bool_]:
        """Which are attacks."""
        return np.array([bool(family) for family in self.families], dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.sessions)

    def only(self, at: NDArray[np.intp]) -> Self:
        """Those at the indices, in their order."""
        return replace(
            self,
            sessions=take(self.sessions, at),
            blocks=take(self.blocks, at),
            families=take(self.families, at),
            weights=self.weights[at],
            texts=None if self.texts is None else take(self.texts, at),
            volumes=None if self.volumes is None else take(self.volumes, at),
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One training part, all of it normal, and the part that is scored after it."""

    name: str
    train: Part
    test: Part


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A data set: its trials are scored apart, and measured together by their p-values.

    `notes` say what one has to know to read the figures.
    """

    name: str
    trials: Sequence[Trial]
    notes: Sequence[str] = ()
