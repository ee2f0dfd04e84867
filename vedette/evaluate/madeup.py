"""Made-up anomalies: normals that training left out, altered. They serve to choose by.

A configuration must not be chosen on a test's labels. So `vedette evaluate SET --made-up` asks the
same questions of training normals alone: the first three quarters of their blocks are learned, the
last one is the test's normals, since what is scored comes later than what was learned; copies of
them, each altered in one way, are its anomalies. So are a few
kinds of session that are taken out of training whole. What is found among them says little of real
attacks; it serves to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.base import UNKNOWN, Session
from vedette.evaluate.part import Part, PublicSet, Trial

PARTS = 4
"""The training blocks are cut into so many parts in the order of time; the last one is left out."""
KINDS, KIND = 4, 0.02
"""How many kinds of session are taken out, and the share of all that is one kind."""
ODDS = 30.0
"""How many normals stand against one anomaly, by weight."""

Rng = np.random.Generator
Alter = Callable[[Session, "Pool", Rng], Session]


class Pool:
    """What alterations draw from: the sessions, and the numbers of all events in them."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = sessions
        self.events = sorted({event for session in sessions for event in session})


def cut_off(session: Session, pool: Pool, rng: Rng) -> Session:  # noqa: ARG001 # one signature
    """The end is missing."""
    return session[: max(1, int(len(session) * rng.uniform(0.3, 0.8)))]


def left_out(session: Session, pool: Pool, rng: Rng) -> Session:  # noqa: ARG001
    """Some steps in a row are missing."""
    start, end = _span(session, rng)
    return session[:start] + session[end:]


def repeated(session: Session, pool: Pool, rng: Rng) -> Session:  # noqa: ARG001
    """Some steps in a row occur several times over."""
    start, end = _span(session, rng)
    return session[:start] + session[start:end] * int(rng.integers(3, 8)) + session[end:]


def shuffled(session: Session, pool: Pool, rng: Rng) -> Session:  # noqa: ARG001
    """Some steps in a row come in another order."""
    start, end = _span(session, rng)
    return session[:start] + tuple(rng.permutation(session[start:end]).tolist()) + session[end:]


def foreign(session: Session, pool: Pool, rng: Rng) -> Session:
    """Events of other sessions in between."""
    return _with(session, rng.choice(pool.events, _few(session, rng)), rng)


def unseen(session: Session, pool: Pool, rng: Rng) -> Session:  # noqa: ARG001
    """Events in between that there never were."""
    return _with(session, np.full(int(rng.integers(1, 4)), UNKNOWN), rng)


def spliced(session: Session, pool: Pool, rng: Rng) -> Session:
    """Begins as one session and ends as another."""
    other = pool.sessions[int(rng.integers(len(pool.sessions)))]
    return session[: (len(session) + 1) // 2] + other[len(other) // 2 :]


ALTERATIONS: Mapping[str, Alter] = {
    "cut off": cut_off,
    "left out": left_out,
    "repeated": repeated,
    "shuffled": shuffled,
    "foreign events": foreign,
    "unseen events": unseen,
    "spliced": spliced,
}


def made_up(public: PublicSet, seed: int = 0) -> PublicSet:
    """The set `public` with its training parts alone, and anomalies made of them."""
    trials = [_trial(trial, seed) for trial in public.trials]
    return PublicSet(f"{public.name} (made up)", trials, ["anomalies are made up from normals"])


def _trial(trial: Trial, seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    # Messages have no alteration: detectors of texts take no part.
    whole = replace(trial.train, texts=None)
    kinds = some_kinds(whole.sessions, rng)
    kept, novel = (whole.only(np.flatnonzero(at)) for at in (~kinds, kinds))
    out = late(kept.blocks)
    train, held = (kept.only(np.flatnonzero(at)) for at in (~out, out))
    strange = [("new kind", session) for session in novel.sessions]
    strange += altered(held.sessions, {*whole.sessions}, rng)
    test = Part.of(
        [*held.sessions, *(session for _, session in strange)],
        [*held.blocks, *(("made up", at) for at in range(len(strange)))],
        [*held.families, *(name for name, _ in strange)],
    )
    weight = ODDS * len(strange) / len(held)
    return Trial(trial.name, train, replace(test, weights=np.where(test.labels, 1.0, weight)))


def late(blocks: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Which items are of the last part of the blocks, shape (n,)."""
    names = list(dict.fromkeys(blocks))
    late = set(names[len(names) * (PARTS - 1) // PARTS :])
    return np.array([block in late for block in blocks], dtype=np.bool_)


def some_kinds(sessions: Sequence[Session], rng: Rng) -> NDArray[np.bool_]:
    """Which sessions are of the kinds that are taken out: alike in which events they have.

    Sessions that are equal go together, and what makes up more than a kind's share stays.
    """
    counts = Counter(sessions)
    rare = [session for session, count in counts.items() if count <= KIND * len(sessions)]
    out: set[Session] = set()
    for centre in rng.permutation(len(rare))[:KINDS]:
        found, events = 0, {*rare[centre]}
        for session in sorted(rare, key=lambda each: (_apart(events, {*each}), each)):
            if found >= KIND * len(sessions) or (found and _apart(events, {*session}) > 0.5):
                break
            found += counts[session]
            out.add(session)
    return np.array([session in out for session in sessions], dtype=np.bool_)


def _apart(one: set[int], other: set[int]) -> float:
    """The share of the events of both that only one has (Jaccard)."""
    return len(one ^ other) / max(len(one | other), 1)


def altered(
    sessions: Sequence[Session], normal: set[Session], rng: Rng
) -> list[tuple[str, Session]]:
    """Each session altered in one way, by turns, where that makes one that no normal is."""
    pool = Pool(sessions)
    names = list(ALTERATIONS)
    made = [
        (name, ALTERATIONS[name](session, pool, rng))
        for name, session in zip(names * (len(sessions) // len(names) + 1), sessions, strict=False)
    ]
    return [(name, session) for name, session in made if session not in normal]


def _span(session: Session, rng: Rng) -> tuple[int, int]:
    """A stretch of two steps at least and, where there are so many, up to a third of all."""
    length = min(len(session), int(rng.integers(2, max(3, len(session) // 3 + 1))))
    start = int(rng.integers(0, len(session) - length + 1))
    return start, start + length


def _few(session: Session, rng: Rng) -> int:
    return int(rng.integers(1, max(2, len(session) // 10 + 1)))


def _with(session: Session, events: NDArray[np.int_], rng: Rng) -> Session:
    steps = list(session)
    for event in events:
        steps.insert(int(rng.integers(0, len(steps) + 1)), int(event))
    return tuple(steps)
