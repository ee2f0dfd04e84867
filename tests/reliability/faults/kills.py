"""A single instance of `vedette run` that is killed in the middle of its work."""

from __future__ import annotations

import random
import time

from tests.live.process import until
from tests.reliability.process import Process, seconds_now
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

EACH = 300
"""Events that come before each kill: thirty pages."""


@fault("kill-9", "kills of a running instance", small=(1,), full=(200,))
def kills(scene: Scene, dose: int) -> None:
    """It goes on at its last checkpoint; what it had stored since is not stored again."""
    draw = random.Random(9)
    scene.create(scene.index)
    process = Process(scene)
    killed = working = 0
    try:
        while killed < dose:
            now = seconds_now()
            scene.put(now - 5 + 4 * n / EACH for n in range(EACH))
            before = scene.count()
            process.start()
            until(lambda least=before: scene.count() > least, "alerts of new events")  # type: ignore[misc]
            time.sleep(draw.uniform(0, 0.5))
            scene.check(process.alive(), "it ended by itself")
            process.kill()
            killed += 1
            working += scene.count() < scene.given // scene.every
            if killed % 10 == 0:
                scene.tell(f"{killed} kills of {dose}, {working} of them in mid-work")
        # what so many kills have left undone would take long in pages of ten
        process = Process(scene, page_size=1000)
        process.start()
        wanted = scene.expected().total()
        while (found := scene.count()) < wanted:  # what counts is that it goes on
            until(lambda least=found: scene.count() > least, "further alerts")  # type: ignore[misc]
        process.end()
    finally:
        process.kill()
    text = f"only {working} of {dose} kills came before the work was done"
    scene.check(2 * working >= dose, text)
