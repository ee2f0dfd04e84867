"""Whether events can serve: checks before a model learns from them, and before it judges them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.score.model import spans_of
from models.bundle.plan import Plan
from models.prepare.checks import Side, check
from models.prepare.finding import Finding, Severity
from models.template.event import event_key, message
from vedette.bundles import Gathered

NAMES = ("bad-times", "constant-field", "cut-off", "few")
"""What `of_training` may find and can be allowed: nothing at all cannot be learned from."""


LEAKED = "leaked-time"
"""What `of_update` may find beside: events that a model learned from already."""


def of_update(
    gathered: Gathered, plan: Plan, training: Mapping[str, Any], allow: Iterable[str] = ()
) -> list[Finding]:
    """What is wrong with events to learn on from: as `of_training`, and that all be newer.

    `training` is what was written down of the model. Raises `InputError` as that does.
    """
    allowed = set(allow)
    known = of_scored(gathered, training)
    if known is not None and LEAKED not in allowed:
        raise InputError(str(known), field="SOURCE", expected=f"others, or --allow {LEAKED}")
    found = of_training(gathered, plan, allowed - {LEAKED}, (*NAMES, LEAKED))
    return found if known is None else [*found, known]


def of_training(
    gathered: Gathered, plan: Plan, allow: Iterable[str] = (), names: Iterable[str] = NAMES
) -> list[Finding]:
    """What is wrong with events to learn from; those of one window of an entity are one group.

    Raises `InputError` for what must be refused, unless `allow` names it, and for a name in `allow`
    that is none of `names`.
    """
    allowed = set(allow)
    for name in allowed.difference(names):
        raise InputError(
            f"no check is called {name!r}",
            field="--allow",
            expected=f"one of {', '.join(names)}",
        )
    # A model sorts them, too, so that what was read in another order is no fault.
    seen = sorted(gathered.observations, key=lambda each: each.time)
    times = [each.time for each in seen]
    side = Side(
        items=range(len(seen)),
        times=times,
        groups=_groups([each.entity for each in seen], times, plan),
        fields={"kind of event": [_kind(each.fields) for each in seen]},
    )
    found = check(side, gap=plan.gap or plan.width)
    for each in found:
        if each.severity is Severity.REFUSE and each.name not in allowed:
            other = f"others, or --allow {each.name}" if each.name in NAMES else "events with times"
            raise InputError(str(each), field="SOURCE", expected=other)
    return found


def of_scored(gathered: Gathered, training: Mapping[str, Any]) -> Finding | None:
    """Whether events lie in the time that a model learned from: to it they are too ordinary."""
    try:
        spans = [[each.timestamp() for each in span] for span in spans_of(training)]
    except (KeyError, TypeError, ValueError):
        return None  # whoever fitted it did not say
    times = np.array([each.time for each in gathered.observations])
    inside = np.zeros(len(times), dtype=np.bool_)
    for first, last in spans:
        inside |= (first <= times) & (times <= last)
    count = int(inside.sum())
    if not count:
        return None
    return Finding(
        "leaked-time",
        Severity.WARN,
        f"{count:,} of {len(gathered.observations):,} events lie in the time that was learned from",
    )


def _groups(entities: Sequence[str], times: Sequence[float], plan: Plan) -> list[Hashable]:
    """What is the same for events of one window."""
    if plan.gap is None:
        return [(entity, time // plan.width) for entity, time in zip(entities, times, strict=True)]
    numbers = {
        at: number
        for number, window in enumerate(plan.cut(entities, times, [0] * len(times)))
        for at in window.positions
    }
    return [numbers[at] for at in range(len(times))]


def _kind(fields: Mapping[str, Any]) -> str:
    """What tells kinds apart: the key, else the message."""
    return event_key(fields) or message(fields) or ""
