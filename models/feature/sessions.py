"""Sessions by gap that are bounded in time: what a machine that is never silent needs.

    windows = within_spans(entities, times, events, gap=300, span=3600)

Time is cut into spans of equal length, counted from 1970, and sessions end at a gap or where a span
does. So whether two events are of one session depends on those between them alone, in whatever
order they come, and a session is over at the latest with its span.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace

from models.feature.windows import Entities, Events, Times, Window, by_gap


def within_spans(
    entities: Entities, times: Times, events: Events, gap: float, span: float
) -> list[Window]:
    """Sessions that end when nothing comes for more than `gap` seconds, or with a span.

    A window begins with its first event and ends with its last one. `DataError` as `by_gap`, which
    it is in each span.
    """
    apart: list[Hashable] = [
        (entity, number_of(time, span)) if math.isfinite(time) else entity
        for entity, time in zip(entities, times, strict=True)
    ]
    longest = max(len(apart), 1)
    found = by_gap(apart, times, events, gap, longest)
    return [replace(each, entity=entities[each.positions[0]]) for each in found]


def number_of(time: float, span: float) -> int:
    """The number of the span of so many seconds that has this moment, counted from 1970."""
    number = math.floor(time / span)
    # a rounded quotient may name the neighbour
    if time < number * span:
        return number - 1
    return number + 1 if time >= (number + 1) * span else number
