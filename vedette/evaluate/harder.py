"""Made-up anomalies that are harder to find than those of `madeup.py`: normals are strange too.

strangers  the kinds of session that are taken out of training are normals of the test
shifted    half of the kinds are taken out, and all normals of the test are of those, as where what
           comes later is of other programs than what was learned

Anomalies are copies of the test's normals, altered, and sessions of the other sets told with this
set's events: the commonest there is the commonest here. They are whole programs of other systems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.base import Session, Sessions
from vedette.evaluate.madeup import ODDS, altered, late, some_kinds
from vedette.evaluate.part import Part, PublicSet, Trial

SHARE = 7
"""Sessions of other sets are one to so many altered ones, all sets together."""
FEWEST = 20
CENTRES = 10
"""Kinds of `shifted`: sessions most like the same one, of so many drawn by chance."""

Rng = np.random.Generator


def strangers(public: PublicSet, others: Sequence[Sessions], seed: int = 0) -> PublicSet:
    """New kinds are among the normals: that something is new says nothing."""
    return _made(public, others, seed, "strangers", _late_and_new)


def shifted(public: PublicSet, others: Sequence[Sessions], seed: int = 0) -> PublicSet:
    """All normals that are scored are of kinds that were not learned."""
    return _made(public, others, seed, "shifted", _half)


def _made(
    public: PublicSet,
    others: Sequence[Sessions],
    seed: int,
    name: str,
    held: Callable[[Part, Rng], np.ndarray[tuple[int], np.dtype[np.bool_]]],
) -> PublicSet:
    trials = []
    for trial in public.trials:
        rng = np.random.default_rng([seed, len(name)])
        whole = replace(trial.train, texts=None)
        out = held(whole, rng)
        train, test = (whole.only(np.flatnonzero(at)) for at in (~out, out))
        trials.append(Trial(trial.name, train, _test(whole, test, others, rng)))
    return PublicSet(f"{public.name} ({name})", trials, ["anomalies are made up from normals"])


def _late_and_new(whole: Part, rng: Rng) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The last part of the blocks, and a few kinds."""
    kinds = some_kinds(whole.sessions, rng)
    out = kinds.copy()
    out[~kinds] = late(whole.only(np.flatnonzero(~kinds)).blocks)
    return out


def _half(whole: Part, rng: Rng) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """As many kinds as make up to half of the sessions."""
    distinct = list(dict.fromkeys(whole.sessions))
    runs = {session: _runs(session) for session in distinct}
    centres = [runs[distinct[at]] for at in rng.permutation(len(distinct))[:CENTRES]]
    kind = {
        session: int(np.argmin([len(found ^ c) / max(len(found | c), 1) for c in centres]))
        for session, found in runs.items()
    }
    of = np.array([kind[session] for session in whole.sessions])
    sizes, out = np.bincount(of, minlength=CENTRES), list[int]()
    for each in rng.permutation(CENTRES).tolist():
        if sizes[[*out, each]].sum() <= len(of) / 2:
            out.append(each)
    return np.isin(of, out)


def _runs(session: Session) -> set[object]:
    """The events of a session and its pairs of events."""
    return {*session, *pairwise(session)}


def _test(whole: Part, normal: Part, others: Sequence[Sessions], rng: Rng) -> Part:
    order = rng.permutation(len(normal))
    strange = altered([normal.sessions[at] for at in order], {*whole.sessions}, rng)
    many = max(FEWEST, len(strange) // SHARE) // max(len(others), 1) + 1
    for other in others:
        strange += [("another system", s) for s in told_here(whole.sessions, other, many, rng)]
    test = Part.of(
        [*normal.sessions, *(session for _, session in strange)],
        [*normal.blocks, *(("made up", at) for at in range(len(strange)))],
        [*normal.families, *(name for name, _ in strange)],
    )
    weight = ODDS * len(strange) / max(len(normal), 1)
    return replace(test, weights=np.where(test.labels, 1.0, weight))


def told_here(own: Sessions, other: Sessions, many: int, rng: Rng) -> list[Session]:
    """Up to `many` different sessions of `other`, its events by their rank made those of `own`."""
    here, there = _ranked(own), {event: at for at, event in enumerate(_ranked(other))}
    last = len(here) - 1
    distinct = list(dict.fromkeys(other))
    chosen = [distinct[at] for at in rng.permutation(len(distinct))[:many]]
    return [tuple(here[min(there[event], last)] for event in session) for session in chosen]


def _ranked(sessions: Sessions) -> list[int]:
    """All events, the commonest first."""
    counts: Mapping[int, int] = Counter(event for session in sessions for event in session)
    return sorted(counts, key=lambda event: (-counts[event], event))
