"""Models for each group of recordings, learned from recordings of other techniques alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.score.model import Model
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import DEFAULT, Plan
from vedette.evaluate.hybrid.recordings import Recording

DETECTORS = ("new-value", "event-rarity", "count-tail", "count-vector", "markov")
"""The default set without what costs most to learn (GPT, embeddings); fixed before measuring."""
PLAN = Plan({name: DEFAULT[name] for name in DETECTORS})
NAME = "recordings"
"""One model to the alerts, whichever recordings it has learned from."""

Family = frozenset[str]
"""The parents of the techniques that recordings are labelled with; empty without a label."""

Heard = Mapping[str, Sequence[Observation]]
"""What models are told of each recording's events, by its name."""


def family(recording: Recording) -> Family:
    """The group that a recording is of."""
    return frozenset(technique.partition(".")[0] for technique in recording.techniques)


def others(own: Family, recordings: Iterable[Recording]) -> list[Recording]:
    """The recordings that share no parent technique with a group.

    One without a label may be of any technique, and is never learned from.
    """
    return [r for r in recordings if r.labelled and not own & family(r)]


def fitted(recordings: Sequence[Recording], heard: Heard, plan: Plan = PLAN) -> dict[Family, Model]:
    """A model for each group; `DataError` where there is too little to learn from."""
    found = {}
    for own in sorted({family(each) for each in recordings}, key=sorted):
        learned = [told for each in others(own, recordings) for told in heard.get(each.name, ())]
        found[own] = Model(NAME, "", Bundle.fit(learned, plan))
    return found
