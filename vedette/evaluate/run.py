"""Detectors over a public set: every one alone, then those of the protocol combined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.errors import InputError, nearest_name
from models import registry
from models.arguments import written
from models.base import Floats
from models.errors import ModelError
from models.prepare.checks import Side, check
from models.prepare.finding import refuse
from vedette.evaluate.measure import Mask
from vedette.evaluate.part import Part, PublicSet, Trial
from vedette.evaluate.protocol import Protocol
from vedette.evaluate.row import Row, rows_of
from vedette.evaluate.score import Scored, fused, scored
from vedette.evaluate.views import unseen

FUSED = "fused"
"""What the combination of detectors is called in tables."""


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of a set, the log p behind their first seed by detector, and what to know."""

    name: str
    rows: list[Row]
    part: Part
    log_p: dict[str, Floats]
    notes: list[str]


def evaluate(
    public: PublicSet,
    protocol: Protocol,
    names: Sequence[str] | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Result:
    """Each detector of `names` (all that there are) on `public`; `told` hears what goes on.

    A detector that the set has no data for, or that cannot learn from it, becomes a note.
    """
    wanted = _known(names)
    trials = [_smaller(trial, protocol) for trial in public.trials]
    part = joined([trial.test for trial in trials], [trial.name for trial in trials])
    new = np.concatenate([unseen(t.train.sessions, t.test.sessions) for t in trials])
    rows: list[Row] = []
    logs: dict[str, Floats] = {}
    left = _left_out(public.trials, trials, protocol)
    notes = [*left, *public.notes, *_findings(trials), _new(new, part)]
    runs: dict[str, list[list[Scored]]] = {}
    for name in wanted:
        told(f"{public.name}: {name}")
        try:
            found = _runs(name, trials, protocol)
        except ModelError as error:
            notes.append(f"{name}: {error}")
            continue
        if found is None:
            notes.append(f"{name}: the set has no {registry.detector(name).takes}")
            continue
        runs[name] = found
    if together := [name for name in protocol.fused if name in runs]:
        told(f"{public.name}: {FUSED}")
        runs[FUSED] = [_fuse([runs[n][seed] for n in together], protocol.rule)
                       for seed in range(len(protocol.seeds))]  # fmt: skip
        notes.append(f"{FUSED} is {protocol.rule} of {', '.join(together)}")
    notes += [
        f"{name} has {own}: not the configuration of the protocol"
        for name in runs
        if (own := _own(name, runs, protocol))
    ]
    for name, found in runs.items():
        each_seed = [pooled(each) for each in found]
        own = _own(name, runs, protocol)
        label = f"{name} ({own})" if own else name
        logs[label] = each_seed[0].test
        rows += rows_of(public.name, label, each_seed, part, new, protocol)
    return Result(public.name, rows, part, logs, notes)


def _left_out(whole: Sequence[Trial], trials: Sequence[Trial], protocol: Protocol) -> Iterator[str]:
    """What a quick run leaves out, in words; nothing of a full one."""
    if protocol.most_events is None:
        return
    sides = []
    for side in ("train", "test"):
        here, there = (sum(len(getattr(t, side)) for t in each) for each in (trials, whole))
        sides.append(f"{here:,} of {there:,}")
    yield (
        f"quick: learned from {sides[0]} sessions, scored {sides[1]}; seeds {len(protocol.seeds)}, "
        f"folds {protocol.folds}, transformers see {protocol.most_tokens:,} tokens: "
        "not the figures of the full run"
    )


def _findings(trials: Sequence[Trial]) -> list[str]:
    """What is wrong with the data of each trial, by name; raises what forbids to measure."""
    found = []
    for trial in trials:
        train = Side(trial.train.sessions, np.zeros(len(trial.train), dtype=int).tolist())
        test = Side(trial.test.sessions, trial.test.labels.astype(int).tolist())
        found += [f"{trial.name}: {each}" for each in refuse(check(train, test))]
    return found


def _new(new: Mask, part: Part) -> str:
    """How many sessions are of sequences that training never had, in words."""
    normal = float(np.average(new[~part.labels], weights=part.weights[~part.labels]))
    attack = float(new[part.labels].mean())
    return f"new sequences: {100 * normal:.2f} % of normals, {100 * attack:.2f} % of attacks"


def joined(parts: Sequence[Part], names: Sequence[str]) -> Part:
    """Parts one after the other; blocks keep apart by the name of their trial."""
    texts = [part.texts for part in parts if part.texts is not None]
    return Part(
        [session for part in parts for session in part.sessions],
        [(name, block) for part, name in zip(parts, names, strict=True) for block in part.blocks],
        [family for part in parts for family in part.families],
        np.concatenate([part.weights for part in parts]),
        [each for part in texts for each in part] if len(texts) == len(parts) else None,
    )


def is_fused(label: str) -> bool:
    """Whether a row's label is that of the combination, also of one with arguments of its own."""
    return label.partition(" ")[0] == FUSED


def _own(name: str, there: Iterable[str], protocol: Protocol) -> str:
    """The arguments that a detector was given, in words; of `FUSED` those of all parts `there`."""
    told = protocol.arguments
    if name == FUSED:
        found = {f"{part}.{key}": value for part in protocol.fused if part in there
                 for key, value in told.get(part, {}).items()}  # fmt: skip
    else:
        found = dict(told.get(name, {}))
    return ", ".join(f"{key}={written(value)}" for key, value in found.items())


def _known(names: Sequence[str] | None) -> list[str]:
    known = list(registry.detectors())
    for name in names or ():
        if name not in known:
            raise InputError(
                f"no detector is called {name!r}",
                field="--detector",
                expected=f"one of {', '.join(known)}",
                nearest=nearest_name(name, known),
            )
    return [name for name in known if names is None or name in names]


def _runs(name: str, trials: Sequence[Trial], protocol: Protocol) -> list[list[Scored]] | None:
    """What the detector says on each trial, for each seed; the same again where it has none."""
    found: list[list[Scored]] = []
    for seed in protocol.seeds:
        if found and not registry.detector(name).seeded:
            found.append(found[0])
            continue
        own = protocol.arguments.get(name)
        each = [
            scored(name, trial, protocol.folds, seed, protocol.most_tokens, own) for trial in trials
        ]
        if any(one is None for one in each):
            return None
        found.append([one for one in each if one is not None])
    return found


def _fuse(by_detector: Sequence[Sequence[Scored]], rule: str) -> list[Scored]:
    """The fusion on each trial, of what each detector says on it."""
    return [fused(parts, rule) for parts in zip(*by_detector, strict=True)]


def pooled(trials: Sequence[Scored]) -> Scored:
    """What is said on all trials, one after the other: p-values compare."""

    def all_of(key: str) -> Floats:
        return np.concatenate([getattr(trial, key) for trial in trials])

    return Scored(
        train=all_of("train"),
        test=all_of("test"),
        middle_train=all_of("middle_train"),
        middle_test=all_of("middle_test"),
        extrapolated=np.concatenate([trial.extrapolated for trial in trials]),
        settled=np.concatenate([trial.settled for trial in trials]),
        fit_s=sum(trial.fit_s for trial in trials),
        score_s=sum(trial.score_s for trial in trials),
    )


def _smaller(trial: Trial, protocol: Protocol) -> Trial:
    return replace(
        trial,
        train=_fewer(trial.train, protocol.most_train, protocol.most_events),
        test=_fewer(trial.test, protocol.most_test, protocol.most_events),
    )


def _fewer(part: Part, most: int | None, events: int | None) -> Part:
    """Drawn evenly from normals and from attacks; each then weighs more.

    At most so many sessions, and about so many events: what these are of a mean session.
    """
    there = (len(part), most), (sum(map(len, part.sessions)), events)
    share = min((most / count for count, most in there if most is not None and count), default=1.0)
    if share >= 1:
        return part
    kept = np.concatenate(list(_evenly(part, share)))
    smaller = part.only(np.sort(kept))
    labels = smaller.labels
    whole = [part.weights[part.labels == label].sum() for label in (False, True)]
    weights = smaller.weights.copy()
    for label, total in zip((False, True), whole, strict=True):
        if (labels == label).any():
            weights[labels == label] *= total / weights[labels == label].sum()
    return replace(smaller, weights=weights)


def _evenly(part: Part, share: float) -> Iterator[Any]:
    for label in (False, True):
        there = np.flatnonzero(part.labels == label)
        if len(there):
            yield there[
                np.linspace(0, len(there) - 1, max(1, round(len(there) * share))).astype(int)
            ]
