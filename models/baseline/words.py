"""Events and runs of events in words, for reasons."""

from __future__ import annotations

from collections.abc import Sequence

from models.base import Session

MOST = 6
"""Events of a run that are named; of longer runs the last ones."""


def listed(events: Sequence[int]) -> str:
    """`events 3, 4`, or `the start` where there are none."""
    if not events:
        return "the start"
    shown = ", ".join(str(event) for event in events[-MOST:])
    before = "…, " if len(events) > MOST else ""
    return f"{'event' if len(events) == 1 else 'events'} {before}{shown}"


def stepped(session: Session, place: int) -> str:
    """The event at `place`, or the end when `place` is behind the last one."""
    return f"event {session[place]}" if place < len(session) else "the end"


def times(count: int) -> str:
    """`once`, `twice`, `7 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
