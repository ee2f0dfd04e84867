"""What correlations must find, computed anew for every window, without a thought for speed.

It shares nothing with the engine but the meaning: `docs/correlations.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from tests.engine.correlate.stream import Found, Seen

Window = Sequence["Hit"]
Test = Callable[[Window], bool]


@dataclass(frozen=True)
class Hit:
    """A match in a group: time, completing event, rules and values."""

    time: int
    by: str
    id: str
    rules: tuple[str, ...]
    values: tuple[Any, ...]
    depth: int = 0
    fields: tuple[tuple[str, Any], ...] = ()


@dataclass
class Spec:
    """A correlation as the oracle knows it."""

    title: str
    rules: tuple[str, ...]
    test: Test
    group_by: tuple[str, ...] = ("user",)
    value: str | None = None
    numeric: bool = False
    closing: bool = False
    span: int = 10
    name: str | None = None
    hits: list[Hit] = field(default_factory=list)


def findings(specs: Sequence[Spec], events: Sequence[Seen]) -> set[Found]:
    """Everything that is found; a spec comes after those that it names."""
    streams = [
        Hit(e.second, e.id, e.id, e.rules, (), 0, e.fields)
        for e in sorted(events, key=lambda e: (e.second, e.id))
    ]
    found: set[Found] = set()
    for spec in specs:
        fired = list(_fired(spec, streams))
        found |= {(spec.title, group, hit.by) for group, hit, _ in fired}
        if spec.name:
            for group, hit, time in fired:
                values = {**dict(hit.fields), **dict(zip(spec.group_by, group, strict=True))}
                streams.append(Hit(time, hit.by, f"{spec.name}{group}", (spec.name,), (),
                                   hit.depth + 1, tuple(values.items())))  # fmt: skip
    return found


def _fired(spec: Spec, stream: Sequence[Hit]) -> list[tuple[tuple[str, ...], Hit, int]]:
    """(group, completing hit, time at which it is known) of each finding."""
    groups: dict[tuple[str, ...], list[Hit]] = {}
    for hit in sorted(stream, key=lambda h: (h.time, h.by, h.depth, h.id)):
        if not set(hit.rules) & set(spec.rules):
            continue
        fields = dict(hit.fields)
        values = _values(spec, fields.get(spec.value)) if spec.value else ()
        if spec.value and not values:
            continue
        for group in set(product(*(_texts(fields.get(name)) for name in spec.group_by))):
            groups.setdefault(group, []).append(
                Hit(hit.time, hit.by, hit.id, hit.rules, values, hit.depth, hit.fields)
            )
    judge = _closing if spec.closing else _sliding
    return [(group, *fired) for group, hits in groups.items() for fired in judge(spec, hits)]


def _sliding(spec: Spec, hits: Sequence[Hit]) -> list[tuple[Hit, int]]:
    fired: list[tuple[Hit, int]] = []
    for number, end in enumerate(hits):
        window = [hit for hit in hits[: number + 1] if hit.time > end.time - spec.span]
        if spec.test(window) and not (fired and end.time - fired[-1][1] < spec.span):
            fired.append((end, end.time))
    return fired


def _closing(spec: Spec, hits: Sequence[Hit]) -> list[tuple[Hit, int]]:
    fired = []
    rest = list(hits)
    while rest:
        over = rest[0].time + spec.span
        window = [hit for hit in rest if hit.time < over]
        rest = rest[len(window) :]
        if spec.test(window):
            fired.append((window[-1], over))
    return fired


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(v).lower() for v in values if v is not None]


def _values(spec: Spec, value: Any) -> tuple[Any, ...]:
    if not spec.numeric:
        return tuple(_texts(value))
    found = []
    for item in value if isinstance(value, list) else [value]:
        try:
            found.append(Fraction(str(item)))
        except ValueError:
            continue
    return tuple(found)


def numbers(window: Window) -> list[Fraction]:
    return sorted(value for hit in window for value in hit.values)


def percentile(window: Window, percent: int) -> Fraction:
    values = numbers(window)
    place = Fraction(percent, 100) * (len(values) - 1)
    low = values[place.__floor__()]
    high = values[place.__ceil__()]
    return low + (high - low) * (place - place.__floor__())


def distinct(window: Window) -> int:
    return len({value for hit in window for value in hit.values})


def rules(window: Window) -> set[str]:
    return {rule for hit in window for rule in hit.rules}


def chains(window: Window, wanted: Sequence[str]) -> int:
    """The most of the wanted rules that follow each other, found by trying every choice."""
    best = 0
    choices = [[None, *(hit for hit in window if rule in hit.rules)] for rule in wanted]
    for chosen in product(*choices):
        steps = [hit for hit in chosen if hit is not None]
        if all(a.time <= b.time and a.by != b.by for a, b in pairwise(steps)):
            best = max(best, len(steps))
    return best


def follows(window: Window, wanted: Sequence[str]) -> bool:
    return chains(window, wanted) == len(wanted)
