"""A poll whose view of the cluster goes away, or part of what it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.live.process import until
from tests.reliability.disturbed import Disturbed
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

TIME = 80_000.0
EACH = 60


@fault("pit-expired", "points in time gone in mid-poll", small=(4,), full=(200,))
def expired(scene: Scene, dose: int) -> None:
    """The poll fails, moves nothing that is not stored, and the next one reads on."""
    scene.create(scene.index)
    scene.seconds = TIME + dose
    closed = 0

    def close(count: int) -> None:
        nonlocal closed
        if armed and count % 3 == 0:
            scene.client.close_pit(client.opened[-1])
            armed.clear()
            closed += 1

    client = Disturbed(scene.plain, before={"search": close})
    armed: list[bool] = []
    worker = scene.launch(client, page_size=10, sweep=None)  # one that fails is no failed poll
    for n in range(dose):
        scene.put(TIME + n + k / EACH for k in range(EACH))
        scene.seconds = TIME + n + 10
        armed.append(True)
        worker.until_whole()
        armed.clear()
    worker.until_whole()
    scene.check(closed == dose, f"only {closed} points in time were closed in mid-poll")
    scene.check(scene.failures == closed, f"{scene.failures} polls failed, of {closed}")


class Hasty(Disturbed):
    """Asks for points in time that last a second, and sometimes waits until one is gone."""

    def __init__(self, scene: Scene, waits: int) -> None:
        super().__init__(scene.plain)
        self.scene, self.waits = scene, waits
        """How often it is still to wait."""

    def open_pit(self, index: str, keep_alive: str) -> str | None:
        return self._client.open_pit(index, "1s")

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        if "pit" not in body:
            return self._client.search(body, index)
        if self.waits and "search_after" in body:
            self.waits -= 1
            # a server looks once a minute what is out of time, and OpenSearch gives the first
            # search 30 s, whatever was asked for (point_in_time.init.keep_alive)
            took = until(lambda: not views(self.scene), "the point in time is gone")
            self.scene.tell(f"a point in time was gone after {took:.0f} s")
        return self._client.search({**body, "pit": {**body["pit"], "keep_alive": "1s"}}, index)


def views(scene: Scene) -> int:
    """How many points in time a node has open over a scene's index."""
    stats = scene.client.send("GET", f"/{scene.index}/_stats/search")
    return int(stats["_all"]["total"]["search"]["open_contexts"])


@fault("pit-ran-out", "points in time out of time in mid-poll", small=(1,), full=(3,), quick=False)
def ran_out(scene: Scene, dose: int) -> None:
    """The poll fails, and the next one reads on."""
    scene.create(scene.index)
    scene.put(TIME + n / 10 for n in range(EACH * (dose + 1)))
    scene.seconds = TIME + 600
    worker = scene.launch(Hasty(scene, dose), page_size=10)
    worker.until_whole()
    scene.check(scene.failures == dose, f"{scene.failures} polls failed, of {dose}")


@fault("index-deleted", "events in the deleted index", small=(300,), full=(20_000,))
def deleted(scene: Scene, dose: int) -> None:
    """What was still to be read is a gap in the ledger, with its number; the rest is not lost."""
    stays, goes = f"{scene.prefix}-a", f"{scene.prefix}-b"
    scene.create(stays)
    scene.create(goes)
    kept = scene.put((TIME + 2 * n / 1000 for n in range(dose)), stays)
    lost = scene.put((TIME + (2 * n + 1) / 1000 for n in range(dose)), goes)
    scene.seconds = TIME + 2 * dose / 1000 + 60
    page = max(10, dose // 50)

    def delete(count: int) -> None:
        if count == 12:
            scene.client.send("DELETE", f"/{goes}")

    client = Disturbed(scene.plain, before={"search": delete})
    worker = scene.launch(client, page_size=page, sweep=None)
    worker.until_whole()
    scene.check(scene.failures >= 1, "no poll failed")
    read = worker.pipeline.totals.events - len(kept)
    # the oldest of the deleted are those that had been read
    scene.gone = set(lost[read:])
    noted = sum(gap.note.count or 0 for gap in scene.gaps() if gap.note.kind == "vanished")
    scene.check(0 < read < len(lost), f"{read} of {len(lost)} were read before the index went")
    text = f"the ledger counts {noted} events that vanished, and {len(scene.gone)} did"
    # a page that had come is not evaluated before the next one has
    scene.check(0 <= len(scene.gone) - noted <= page, text)
