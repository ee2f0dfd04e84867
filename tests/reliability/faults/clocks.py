"""A clock that is set back and forth while events keep coming at their true time."""

from __future__ import annotations

import random

from tests.reliability.registry import fault
from tests.reliability.scene import Scene

DAY = 86_400.0
POLLS = 4
"""Polls from one step to the next."""
EVERY = 300.0


@fault("clock-steps", "steps of up to 30 min, back and forth", small=(6,), full=(500,))
def steps(scene: Scene, dose: int) -> None:
    """Late by the wrong clock is evaluated all the same; a window in doubt is a gap, and filled."""
    draw = random.Random(30)
    scene.create(scene.index)
    worker = scene.launch(page_size=500)
    now, backward = 5 * DAY, 0
    offset = 0.0

    def live(polls: int) -> None:
        nonlocal now
        for _ in range(polls):
            now += EVERY
            scene.put(now - draw.uniform(1, EVERY) for _ in range(6))
            scene.seconds = now + offset
            scene.check(worker.poll(), "a poll failed")

    live(POLLS)
    for _ in range(dose):
        before, offset = offset, draw.choice([-1800.0, -180.0, 0.0, 180.0, 1800.0])
        backward += offset < before - 900
        live(POLLS)
    offset = 0.0
    live(POLLS)
    quiet = now + 3600
    for _ in range(40):
        now += 600
        scene.seconds = now
        scene.check(worker.poll(), "a poll failed")
        waiting = [gap for gap in scene.gaps() if gap.state in ("open", "filling")]
        if now > quiet and not waiting:
            break
    scene.check(backward > 0, "the clock was never set back far")
    scene.check(not waiting, f"{len(waiting)} gaps were not filled")
