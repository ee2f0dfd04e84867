"""A cluster that refuses requests for a while, and one whose answers get lost."""

from __future__ import annotations

import random

from connectors.search import ClusterSettings, connect
from tests.reliability.proxy import before
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

TIME = 80_000.0
EACH = 40
MOST = 20
"""Requests that are refused in a row: sometimes more than one operation has patience for."""


@fault("busy-bursts", "requests answered by 429 or 503, in bursts", small=(60,), full=(2_000,))
def busy(scene: Scene, dose: int) -> None:
    """Refused before the node sees them, or done and the answer lost: waited for, and repeated."""
    draw = random.Random(429)
    burst: list[int] = []
    calm = 0

    def refuse(method: str, path: str) -> int | None:
        """After some calm requests a burst of one kind: 429, 503, or answers that are lost."""
        nonlocal calm
        if done() >= dose:
            return None
        if not burst and calm <= 0:
            calm = draw.randrange(2, 12)
            burst.extend([draw.choice([429, 503, -503, -502])] * draw.randint(1, MOST))
        if burst and calm <= 0:
            return burst.pop()
        calm -= 1
        return None

    scene.create(scene.index)
    number = 0
    with before(scene.urls[0], refuse) as proxy:

        def done() -> int:
            return sum(proxy.refused.values())

        client = connect(ClusterSettings(hosts=[proxy.url], kind=scene.kind))  # type: ignore[arg-type]
        worker = scene.launch(client, page_size=15)
        try:
            while done() < dose:
                scene.put(TIME + number + k / EACH for k in range(EACH))
                scene.seconds = TIME + number + 10
                number += 1
                worker.poll()  # it may fail as often as there are bursts: then it moves nothing
            worker.until_whole()
        finally:
            client.close()
    scene.check({429, 503} <= proxy.refused.keys(), f"only {sorted(proxy.refused)} were answered")
