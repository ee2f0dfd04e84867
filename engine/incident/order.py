"""The order of incidents: what matters most first, and what repeats a story already told later.

Who opens incidents from the top learns less from one in which the same rules spoke as in one above
it. So its worth is lessened by half of how alike the two are (maximal marginal relevance). How
alike is what their rules weigh in both over what they weigh in either, a rare rule more.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from engine.incident.incident import Incident
from engine.incident.rank import Rarity

REPEATED = 0.5
"""Of an incident's worth, what is lost where all of it was told before. Not chosen by labels."""
MOST = 1000
"""Incidents that are held against those before them; the worth of others is not lessened."""

Weighed = Mapping[str, float]
"""What each rule weighs in an incident."""


def weighed(incident: Incident, rarity: Rarity) -> Weighed:
    """What an incident's rules weigh."""
    return {part.rule: part.weight * rarity.rule(part.rule) for part in incident.parts.values()}


def alike(one: Weighed, other: Weighed) -> float:
    """How alike two incidents are: 1 where the same rules weigh the same, 0 where none does."""
    both = sum(min(weight, other[rule]) for rule, weight in one.items() if rule in other)
    either = sum(one.values()) + sum(other.values()) - both
    return both / either if both > 0 else 0.0


def places(
    told: Sequence[Weighed],
    worth: Sequence[float],
    most: int = MOST,
    repeated: float = REPEATED,
) -> list[int]:
    """The places of incidents in the order in which they are best read.

    `told` has what their rules weigh, `worth` (0 or more) what each is worth by itself, the largest
    first. Of those worth the same by then, the one that came first is. `repeated` is what is lost.
    """
    bound = min(most, len(told))
    speak: dict[str, list[int]] = {}
    for place in range(bound):
        for rule in told[place]:
            speak.setdefault(rule, []).append(place)
    nearest = [0.0] * bound

    def left(place: int) -> float:
        return worth[place] * (1 - repeated * nearest[place])

    # what one is worth only falls, so that the first of the heap is right once it is up to date
    waiting = [(-worth[place], place) for place in range(bound)]
    heapq.heapify(waiting)
    order: list[int] = []
    done = [False] * bound
    while waiting:
        value, place = heapq.heappop(waiting)
        if -value != (now := left(place)):
            heapq.heappush(waiting, (-now, place))
            continue
        order.append(place)
        done[place] = True
        shared = {other for rule in told[place] for other in speak[rule] if not done[other]}
        for other in shared:
            nearest[other] = max(nearest[other], alike(told[place], told[other]))
    return order + list(range(bound, len(told)))
