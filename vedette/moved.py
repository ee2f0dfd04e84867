"""What moved in events since a model learned: kinds of events, and what their texts mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN, Floats
from models.bundle.bundle import Bundle, Scored, drawn
from models.bundle.observation import Observation
from models.cluster.texts import EmbeddingHdbscan
from models.drift.drift import Drift
from models.drift.embeddings import direction, discrepancy
from models.drift.templates import frequencies, unseen

BLOCK = 50
"""Neighbours that are shuffled together: events come in bursts."""


def moved(
    bundle: Bundle, observations: Sequence[Observation], scored: Sequence[Scored]
) -> list[Drift]:
    """How far the events of `scored` lie from those of training; nothing where it kept none."""
    then, windows = bundle.reference, [each.window for each in scored]
    if then is None or not len(then) or not windows:
        return []
    now = drawn(windows)
    places = [at for window in now for at in window.positions]
    events = np.array([event for window in now for event in window.events], dtype=np.int64)
    new = replace(unseen(then, events), detail="")  # numbers of what is new say nothing here
    found = [_named(bundle, frequencies(then, events)), new]
    encoders = [part.detector for part in bundle.parts.values()]
    detector = next((each for each in encoders if isinstance(each, EmbeddingHdbscan)), None)
    if detector is not None:
        fields = [observations[at].fields for at in places]
        old = _vectors(bundle, detector, then, [{}] * len(then))
        later = _vectors(bundle, detector, events, fields)
        found += [direction(old, later, block=BLOCK), discrepancy(old, later, block=BLOCK)]
    return [replace(each, value=max(each.value, 0.0)) for each in found]  # but for rounding


def _vectors(
    bundle: Bundle,
    detector: EmbeddingHdbscan,
    events: NDArray[np.int64],
    fields: Sequence[Mapping[str, Any]],
) -> Floats:
    """What the text of each event means; of one that training never saw, what it says itself."""
    texts = [
        bundle.templates.describe(each) if event == UNKNOWN else bundle.templates.text(int(event))
        for event, each in zip(events, fields, strict=True)
    ]
    different = list(dict.fromkeys(texts))
    place = {text: at for at, text in enumerate(different)}
    vectors = detector.vectors(different)
    return np.asarray(vectors[[place[text] for text in texts]], dtype=np.float64)


def _named(bundle: Bundle, drift: Drift) -> Drift:
    """With the text of the template that its detail begins with."""
    word, number, *rest = drift.detail.split(" ")
    text = bundle.templates.text(int(number)) if int(number) else "all that training never saw"
    return replace(drift, detail=" ".join([f"{word} {number} ({text})", *rest]))
