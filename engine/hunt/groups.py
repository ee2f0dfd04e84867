"""The groups that an event belongs to, and the texts of values as hunts compare them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.correlate.value import MAX_VALUES, combined, fold, text_of
from engine.event import Event
from engine.hunt.row import Group


def groups(event: Event, fields: Sequence[str]) -> Iterator[tuple[Group, Group]]:
    """Each group of an event as (folded, as written); none when it lacks a field.

    An event whose field has several values is of each value's group, of 64 at most.
    """
    columns = [[text_of(value) for value in event.values(name)[:MAX_VALUES]] for name in fields]
    if all(columns):
        for shown in combined(columns)[0]:
            yield tuple(map(fold, shown)), shown


def folded(values: Sequence[Any]) -> Group:
    """The folded group of a store's values."""
    return tuple(fold(text_of(value)) for value in values)


def named(fields: Sequence[str], group: Sequence[str]) -> str:
    """` for user.name alice and host.name WS01`, empty without a group."""
    from engine.entities import cut

    pairs = zip(fields, group, strict=False)
    text = " and ".join(f"{name} {cut(value, 80)}" for name, value in pairs)
    return f" for {text}" if text else ""
