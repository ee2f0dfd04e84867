"""Windows of exactly a page, of one more, and of very many."""

from __future__ import annotations

import resource

from connectors.search.pace import Pace
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

PAGE = 10_000
"""The most that a server gives at a time."""
DOSES = (10_000, 10_001, 1_000_000)
TIME = 80_000.0


def read(scene: Scene, dose: int, apart: float) -> None:
    """Two polls over so many events, of which the second finds nothing that is new."""
    scene.every = max(3, dose // 1000)
    scene.create(scene.index, refresh_interval="-1")
    scene.put(TIME + n * apart for n in range(dose))
    scene.tell(f"{dose:,} events are in the index; memory at most {memory():.0f} MB")
    scene.seconds = TIME + 1800
    worker = scene.launch(page_size=PAGE)
    worker.source.pace = Pace(PAGE, first=PAGE)  # whole pages from the first one on
    for _ in range(2):
        scene.check(worker.poll(), "a poll failed")
        scene.seconds += 60
    scene.check(worker.source.pace.size == PAGE, "pages were smaller than that")
    # a new start, with nothing but what was stored
    scene.check(scene.launch(page_size=PAGE).poll(), "a poll after a new start failed")
    scene.tell(f"all are read, and once more; memory at most {memory():.0f} MB")


def memory() -> float:
    """The most that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@fault("page-of-hits", "hits, 1 ms apart", small=(10_001,), full=DOSES)
def spread(scene: Scene, dose: int) -> None:
    """Every hit is read once, whatever its place in a page."""
    read(scene, dose, 0.001)


@fault("page-of-one-time", "hits at one and the same time stamp", small=(10_001,), full=DOSES)
def at_once(scene: Scene, dose: int) -> None:
    """The tiebreak alone says where one page ends and the next begins."""
    read(scene, dose, 0.0)
