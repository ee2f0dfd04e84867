"""What verdicts have moved: an account that can be read, and the record of each move."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.feedback import threshold
from engine.feedback.tally import Count, Tally
from engine.feedback.verdict import Verdict
from engine.ports import Action

KIND = "moved"
ANOMALY = "anomaly"
CONFIDENCE, THRESHOLD = "confidence", "threshold"
SAME = 5e-5
"""A difference that is none."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What holds for a rule's or model's alerts on an entity (None: on all of them) by verdicts.

    `what` is `confidence`, from `before` (the guess) to `now`, or `threshold`: the p that a budget
    gives is multiplied by `now` in the place of 1.
    """

    what: str
    source: str
    name: str
    entity: str | None
    count: Count
    before: float
    now: float

    def words(self) -> str:
        """One line for a person."""
        at = f" on {self.entity}" if self.entity else ""
        why = f"{self.count.true} true, {self.count.false} false, {self.count.benign} benign"
        if self.what == THRESHOLD:
            return f"{self.name}{at}: the threshold's p is multiplied by {self.now:.3g} ({why})"
        return f"{self.name}{at}: confidence {self.before:.2f} becomes {self.now:.2f} ({why})"


def effects(tally: Tally) -> Iterator[Effect]:
    """All that verdicts move, rule by rule and model by model, in the order of their ids."""
    for source in sorted(tally.by):
        yield from _of(tally, source, None, tally.by[source])
        for owner, entity in sorted(tally.at):
            if owner == source and entity:
                yield from _of(tally, source, entity, tally.at[owner, entity])


def _of(tally: Tally, source: str, entity: str | None, count: Count) -> Iterator[Effect]:
    name, guess = tally.names[source], tally.priors[source]
    now = tally.precision(source, guess, entity)
    yield Effect(CONFIDENCE, source, name, entity, count, guess, now)
    if tally.kinds[source] == ANOMALY:
        by = threshold.factor(tally, source, entity)
        yield Effect(THRESHOLD, source, source, entity, count, 1.0, by)


def moves(before: Tally, after: Tally, verdict: Verdict) -> list[Action]:
    """The record of what one verdict moved: what was before it, and what is now."""
    known = {(each.what, each.source, each.entity): each.now for each in effects(before)}
    found = []
    for each in effects(after):
        was = known.get((each.what, each.source, each.entity), each.before)
        if abs(was - each.now) > SAME:
            found.append(_action(each, was, verdict))
    return found


def _action(effect: Effect, was: float, verdict: Verdict) -> Action:
    document: dict[str, Any] = {
        "@timestamp": verdict.time,
        "kind": KIND,
        "what": effect.what,
        "rule": {"id": effect.source, "name": effect.name},
        "entity": effect.entity or "",
        "from": round(was, 4),
        "to": round(effect.now, 4),
        "verdict": verdict.verdict,
        "alert": verdict.subject.alert,
        "by": verdict.by,
        "because": verdict.id,
    }
    parts = [KIND, verdict.id, effect.what, effect.source, effect.entity]
    return Action(hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40], document)


def history(documents: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The records of moves among actions, the first first."""
    found = [each for each in documents if each.get("kind") == KIND]
    return sorted(found, key=lambda each: (str(each.get("@timestamp")), str(each.get("what"))))
