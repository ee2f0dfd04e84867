"""Events that become searchable long after their time."""

from __future__ import annotations

import math
import random
from datetime import timedelta

from connectors.search.seen import PARTS
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

HOUR, DAY = 3600.0, 86_400.0
STEP = 600.0
"""Seconds from poll to poll."""
REACH = 600.0 * (1 + 1 / PARTS)
"""Seconds that a poll looks behind the newest event met before: whole parts of the overlap."""


@fault("late-events", "events, late by 0 s to 24 h", small=(60,), full=(5_000,))
def late(scene: Scene, dose: int) -> None:
    """Found by the next poll, or by a sweep, and evaluated once."""
    draw = random.Random(24)
    scene.create(scene.index)
    base = 2 * DAY
    scene.seconds = base
    scene.put(base - n for n in range(30, 90))
    worker = scene.launch(page_size=500)
    scene.check(worker.poll(), "the first poll failed")
    known = scene.given
    lateness = [0.0, DAY, *(math.exp(draw.uniform(0, math.log(DAY))) for _ in range(dose - 2))]
    waiting = sorted(
        (time + by, time) for by in lateness for time in [base + draw.uniform(0, 6 * HOUR)]
    )
    missed, newest = 0, base - 30
    while waiting:
        scene.seconds += STEP
        due = [item for item in waiting if item[0] <= scene.seconds]
        waiting = waiting[len(due) :]
        if due:
            scene.put(time for _, time in due)
            missed += sum(time < newest - REACH for _, time in due)
            newest = max(newest, *(time for _, time in due))
        scene.check(worker.poll(), "a poll failed")
    scene.seconds += STEP
    worker.poll()
    noted = sum(gap.note.count or 0 for gap in scene.gaps() if gap.note.kind == "late")
    scene.check(scene.given == known + dose, "not all events came")
    scene.check(noted >= missed, f"{noted} noted as late, and {missed} were")


@fault("too-late-events", "events later than max_lateness (24 h)", small=(12,), full=(1_000,))
def too_late(scene: Scene, dose: int) -> None:
    """Counted, their window is a gap, and the gap is filled."""
    scene.create(scene.index)
    base = 10 * DAY
    scene.seconds = base
    scene.put(base - 4 * DAY + n for n in range(10))
    scene.put(base - n for n in range(30, 60))
    worker = scene.launch(page_size=500, max_lateness=timedelta(days=1))
    worker.poll()
    # spread over ten minutes of a day that no sweep reaches back to
    scene.put(base - 4 * DAY + 10 + 590 * n / dose for n in range(dose))
    for _ in range(60):
        scene.seconds += 900
        scene.check(worker.poll(), "a poll failed")
        found = [gap for gap in scene.gaps() if gap.note.kind == "too-late"]
        if found and all(gap.state == "filled" for gap in found):
            break
    counted = sum(gap.note.count or 0 for gap in found)
    scene.check(counted == dose, f"the ledger counts {counted} of {dose}")
    scene.check(all(gap.state == "filled" for gap in found), "a gap was not filled")
