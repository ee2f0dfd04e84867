"""Which recordings are found by the first alerts of a ranking, at a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np

from mitre.catalog import Catalog
from models.base import Floats
from vedette.evaluate.hybrid.alerts import Claim, Claims
from vedette.evaluate.hybrid.recordings import Recording

PER = 100_000
"""Events that a budget is counted by."""
BUDGETS = (1, 5, 20)
"""Alerts for so many events."""
TOP = 3
"""Techniques of an alert that the second column counts."""
DRAWS = 1_000
BOUNDS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Found:
    """Whether each recording was found, shape (recordings,), by what counts as that.

    `first`: an alert's first technique is a labelled one; `top`: one of its first three; `parent`
    as `first`, but the parent of a labelled one counts; `family`: its first technique and a
    labelled one are parts of one technique, or one of the other; `tactic`: they have a tactic in
    common.
    """

    first: Floats
    top: Floats
    parent: Floats
    family: Floats
    tactic: Floats

    def only(self, kept: Sequence[bool]) -> Found:
        """Of some recordings."""
        mask = np.asarray(kept)
        return Found(*(getattr(self, each.name)[mask] for each in fields(self)))


def allowed(budget: int, events: int) -> int:
    """How many alerts a budget allows."""
    return budget * events // PER


def found(alerts: Sequence[Claims], recordings: Sequence[Recording], most: int) -> Found:
    """What the first `most` alerts find of labelled recordings."""
    first = [claims[0] for claims in alerts[:most] if claims]
    top = [claim for claims in alerts[:most] for claim in claims[:TOP]]
    return Found(
        np.array([_any(first, r, ("exact",)) for r in recordings], dtype=float),
        np.array([_any(top, r, ("exact",)) for r in recordings], dtype=float),
        np.array([_any(first, r, ("exact", "parent")) for r in recordings], dtype=float),
        np.array([any(_family(claim, r) for claim in first) for r in recordings], dtype=float),
        np.array([any(_tactic(claim, r) for claim in first) for r in recordings], dtype=float),
    )


def bounds(values: Floats, seed: int = 0) -> tuple[float, float]:
    """What the mean may be: 95 % of bootstraps over recordings, values of shape (recordings,)."""
    drawn = values[_draws(len(values), seed)].mean(axis=1)
    low, high = np.percentile(drawn, BOUNDS)
    return float(low), float(high)


def ratio_bounds(values: Floats, others: Floats, seed: int = 0) -> tuple[float, float]:
    """What the ratio of two means over the same recordings may be, in the same way."""
    at = _draws(len(values), seed)
    low, high = np.percentile(
        values[at].sum(axis=1) / np.maximum(others[at].sum(axis=1), 1), BOUNDS
    )
    return float(low), float(high)


def _draws(count: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.intp]]:
    return np.random.default_rng(seed).integers(0, count, (DRAWS, count))


def _any(claims: Sequence[Claim], recording: Recording, good: tuple[str, ...]) -> bool:
    return any(
        recording.name in claim.recordings
        and any(_covers(claim.technique, wanted) in good for wanted in recording.techniques)
        for claim in claims
    )


def names(claim: Claim, recording: Recording) -> bool:
    """Whether a claim names a technique of a recording, or one below it, and was seen in it."""
    return _any((claim,), recording, ("exact",))


def _family(claim: Claim, recording: Recording) -> bool:
    own = _parents(claim.technique)
    return recording.name in claim.recordings and any(
        own & _parents(wanted) for wanted in recording.techniques
    )


def _tactic(claim: Claim, recording: Recording) -> bool:
    own = set(claim.tactics)
    return recording.name in claim.recordings and any(
        own & _tactics(wanted) for wanted in recording.techniques
    )


@cache
def _covers(technique: str, wanted: str) -> str | None:
    return Catalog.load().covers(technique, wanted)


@cache
def _parents(technique: str) -> frozenset[str]:
    """The whole technique that one is part of, in each version of ATT&CK."""
    catalog = Catalog.load()
    known = (catalog.to_version(technique, version) for version in catalog.versions)
    return frozenset(each.partition(".")[0] for ids in known for each in ids)


@cache
def _tactics(technique: str) -> frozenset[str]:
    """The ids of a labelled technique's tactics, in the newest ATT&CK."""
    catalog = Catalog.load()
    known = catalog.technique(catalog.successor(technique) or technique)
    names = known.tactics if known else ()
    return frozenset(t.id for name in names if (t := catalog.tactic(name)))
