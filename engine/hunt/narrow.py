"""Fewer events to read: counts that a store makes tell which groups cannot satisfy a hunt.

What is left is read and judged event by event, so that a hunt finds the same with such counts as
without. A window of some width lies in two buckets of that width at most: a group whose every
two neighbours together are too few has no such window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.hunt.groups import folded
from engine.hunt.model import Span
from engine.hunt.reader import Reader
from engine.hunt.row import Ask, Bucket, Group, Only

MOST = 5_000
"""Values of a field by which events are still asked for; with more, all are read."""

NOTHING: Only = {}
"""No event at all can count."""


def narrowed(
    reader: Reader, span: Span, ask: Ask, may: Callable[[list[Bucket]], bool]
) -> Only | None:
    """Which events must be read; None for all of them.

    `may` is asked with all buckets of a group (time not divided), or with those of two
    neighbouring intervals.
    """
    if not reader.counts:
        return None
    found = reader.buckets(span, ask)
    if found is None:
        return None
    if ask.interval is None:
        return only(ask.fields, _by_group(found, len(ask.fields)), may)
    return only(ask.fields, _by_group(found, len(ask.fields)), _neighbours(ask.interval, may))


def different(
    reader: Reader, span: Span, fields: tuple[str, ...], counted: tuple[str, ...], least: int
) -> Only | None:
    """The events of groups that have so many different values in a span; None for all events."""
    found = reader.buckets(span, Ask((*fields, *counted))) if reader.counts else None
    if found is None:
        return None

    def may(buckets: list[Bucket]) -> bool:
        return len({folded(bucket.values[len(fields) :]) for bucket in buckets}) >= least

    return only(fields, _by_group(found, len(fields)), may)


def only(
    fields: tuple[str, ...], groups: Mapping[Group, list[Bucket]],
    may: Callable[[list[Bucket]], bool],
) -> Only | None:  # fmt: skip
    """The values of the groups that may satisfy; None where they are too many to be asked for."""
    wanted = [buckets for buckets in groups.values() if may(buckets)]
    if not fields:
        return None if wanted else NOTHING
    return values_of(fields, [bucket for each in wanted for bucket in each])


def values_of(fields: tuple[str, ...], buckets: Sequence[Bucket]) -> Only | None:
    """The values of buckets by field; None where they are too many to be asked for."""
    values: dict[str, list[Any]] = {}
    for place, name in enumerate(fields):
        found = dict.fromkeys(bucket.values[place] for bucket in buckets)
        if len(found) > MOST:
            return None
        values[name] = list(found)
    return values


def _by_group(buckets: Iterable[Bucket], width: int) -> dict[Group, list[Bucket]]:
    found: dict[Group, list[Bucket]] = {}
    for bucket in buckets:
        found.setdefault(folded(bucket.values[:width]), []).append(bucket)
    return found


def _neighbours(
    interval: int, may: Callable[[list[Bucket]], bool]
) -> Callable[[list[Bucket]], bool]:
    def asked(buckets: list[Bucket]) -> bool:
        at: dict[int, list[Bucket]] = {}
        for bucket in buckets:
            at.setdefault(bucket.start or 0, []).append(bucket)
        return any(may(found + at.get(start + interval, [])) for start, found in at.items())

    return asked
