"""Aliases whose index for writing changes while they are read and written."""

from __future__ import annotations

from connectors.search.names import ALERTS
from connectors.search.port import RequestError
from tests.reliability.disturbed import Disturbed
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

TIME = 80_000.0
EACH = 40


@fault("rollover", "rollovers between tries", small=(3,), full=(100,))
def rollover(scene: Scene, dose: int) -> None:
    """The source's alias and that of the alerts roll over between a write and its repetition."""
    alias = f"{scene.prefix}-write"
    scene.create(f"{scene.prefix}-events-000001")
    target = {"alias": alias, "index": f"{scene.prefix}-events-000001", "is_write_index": True}
    scene.client.send("POST", "/_aliases", {"actions": [{"add": target}]})
    done = lost = 0
    armed: list[bool] = []

    def roll(count: int) -> None:
        """The alerts are stored; then both aliases roll over, and the answer is lost."""
        nonlocal done, lost
        if not armed:
            return
        armed.clear()
        done += 1
        scene.client.send("POST", f"/{alias}/_rollover", SHAPE)
        alerts = f"{ALERTS}{scene.namespace}"
        new = {"aliases": {alerts: {"is_write_index": False}}}
        scene.client.create_index(f"{alerts}-{done:06}", new)
        changes = [
            {"add": {"index": f"{alerts}-{n:06}", "alias": alerts, "is_write_index": n == done}}
            for n in range(max(1, done - 1), done + 1)
        ]
        scene.client.send("POST", "/_aliases", {"actions": changes})
        lost += 1
        raise RequestError(scene.client.host, 0, "ConnectionTimeout", "the answer was lost")

    client = Disturbed(scene.plain, after={"bulk": roll})
    worker = scene.launch(client, index=alias, page_size=15)
    for n in range(dose):
        scene.put((TIME + 2 * n + k / EACH for k in range(EACH)), alias)
        scene.seconds = TIME + 2 * n + 30
        armed.append(True)
        worker.until_whole()
        # and events that come into the new index for a time before the last
        scene.put((TIME + 2 * n + k / EACH for k in range(EACH // 2)), alias)
        worker.until_whole()
    scene.check(done == lost == dose, f"{done} rollovers of {dose}")


SHAPE = {"mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}}}
