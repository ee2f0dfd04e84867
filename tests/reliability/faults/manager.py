"""Three nodes, of which the elected cluster manager is killed while `vedette run` polls."""

from __future__ import annotations

import time

from tests.live import trio
from tests.live.process import until
from tests.reliability.process import Process, seconds_now
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

EACH = 120


@fault(
    "manager-killed", "kills of the elected manager of three nodes",
    small=(1,), full=(5,), servers=("opensearch",), own=True, quick=False,
)  # fmt: skip
def manager(scene: Scene, dose: int) -> None:
    """The run waits for the election, reads on by the other two nodes, and loses nothing."""
    three = scene.held.enter_context(trio.running())
    scene.urls[:] = three.urls
    scene.create(scene.index, number_of_replicas=1)
    process = Process(scene)
    killed = 0
    process.start()
    try:
        for n in range(dose):
            feed(scene)
            before = scene.count()
            until(lambda least=before: scene.count() > least, "alerts of new events")  # type: ignore[misc]
            three.until_whole()
            elected = three.manager()
            feed(scene)
            three.kill(elected)
            time.sleep(1)
            until(lambda gone=elected: elected_else(three, gone), "another manager is elected")  # type: ignore[misc]
            feed(scene)
            caught_up(scene)
            scene.check(process.alive(), f"the run ended after kill {n + 1}")
            killed += 1
            three.start(elected)
            three.until_whole()
        feed(scene)
        caught_up(scene)
        process.end()
    finally:
        process.kill()
    scene.check(killed == dose, f"{killed} kills of {dose}")


def elected_else(three: trio.Trio, gone: int) -> bool:
    """Whether a node other than this one is the manager now."""
    try:
        return three.manager() != gone
    except (OSError, ValueError):
        return False


def feed(scene: Scene) -> None:
    """Events of the last seconds."""
    now = seconds_now()
    scene.put(now - 3 + 2 * n / EACH for n in range(EACH))


def caught_up(scene: Scene) -> None:
    """Wait until as many alerts are there as a hunt finds."""
    wanted = scene.expected().total()
    until(lambda: scene.count() >= wanted, "all alerts")
