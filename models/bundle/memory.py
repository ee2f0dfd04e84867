"""What a bundle remembers of the windows that it learned from, so that it can learn on.

    memory = Memory.of(windows, folds, detectors, seed)
    memory.scores("markov", texts, memory.windows, memory.folds)     as windows of another day
    memory.more(new, folds, detectors, seed)                         beside what is there

It is a fair sample of all windows, bounded, in numbers of kinds and without who they are of (but
for detectors of volumes and of graphs, which know names themselves), with times and signals where
features ask for these. Beside it stand the detectors that were fitted without a fold, and the scale
of features that each of these has: they score its windows as if these had never been learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.base import Detector, Floats
from models.bundle.features import Features
from models.bundle.part import data_of
from models.bundle.views import windowed
from models.calibrate.cross import take
from models.feature.windows import Window
from models.threads import one_thread
from models.train import replay

SIZE = 2_000
"""Windows that are remembered."""
EVENTS = 400_000
"""Events that these have together, about: where windows are long, there are fewer of them."""

Folds: TypeAlias = NDArray[np.intp]
Apart: TypeAlias = Mapping[str, Sequence[Detector[Any]]]
"""Of each detector one for each fold, which never learned a window of it."""


@dataclass(frozen=True)
class Memory:
    """`windows` (n) with the fold of each, `seen` how many they were drawn of, `size` how many
    there is room for. `apart` gives the detectors without a fold, which are read when first asked.
    """

    windows: Sequence[Window]
    folds: Folds
    seen: int
    size: int
    apart: Callable[[], Apart]
    scales: Sequence[Features] = ()
    """What detectors of features look at, as learned without each fold."""

    @classmethod
    def of(
        cls,
        windows: Sequence[Window],
        folds: Folds,
        apart: Apart,
        seed: int,
        scales: Sequence[Features] = (),
    ) -> Self:
        """The memory of windows that were learned for the first time."""
        events = sum(map(len, windows))
        size = max(min(SIZE, EVENTS * len(windows) // max(events, 1)), 1)
        empty = cls([], np.zeros(0, dtype=np.intp), 0, size, lambda: apart, scales)
        return empty.more(windows, folds, apart, seed)

    def more(self, windows: Sequence[Window], folds: Folds, apart: Apart, seed: int) -> Self:
        """The same after it was shown `windows`, each as likely in it as any that it saw."""
        kept = replay.Memory[tuple[Window, int]](self.size, seed)
        kept.items = list(zip(self.windows, self.folds.tolist(), strict=True))
        kept.seen = self.seen
        kept.add((_bare(each), fold) for each, fold in zip(windows, folds.tolist(), strict=True))
        return replace(
            self,
            windows=[window for window, _ in kept.items],
            folds=np.array([fold for _, fold in kept.items], dtype=np.intp),
            seen=kept.seen,
            apart=lambda: apart,
        )


def scores(
    detectors: Sequence[Detector[Any]],
    texts: Sequence[str],
    seen: Sequence[Window],
    folds: Folds,
    scales: Sequence[Features] = (),
) -> Floats:
    """What each window scores by the one of `detectors` that never learned its fold.

    `scales` are those of features, where they look at such.
    """
    found = np.zeros(len(seen))
    for fold, detector in enumerate(detectors):
        inside = folds == fold
        if inside.any():
            features = scales[fold].known(texts) if scales else None
            asked = windowed(detector, texts, features=features)
            with one_thread():
                found[inside] = asked.score(data_of(detector, asked, take(list(seen), inside)))
    return found


def _bare(window: Window) -> Window:
    """The window without who it is of, and where its events stood."""
    return replace(window, entity="", positions=())
