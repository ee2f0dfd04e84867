"""A bulk request in which some documents are refused for good."""

from __future__ import annotations

from typing import Any

import orjson

from connectors.search.names import DEAD_LETTER
from engine.ports import Alert, Batch, Sink, Written
from tests.reliability.registry import fault
from tests.reliability.scene import Scene

TIME = 80_000.0
EACH = 500


class Spoiling:
    """A sink that makes one alert of each batch one that no mapping takes, and counts them."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.spoilt: dict[str, int] = {}
        self.written = Written()

    def write(self, alerts: list[Alert]) -> Written:
        assert len(alerts) == EACH
        victim = alerts[EACH // 2]
        number = victim.document["vedette"]["alert"]["source_events"][0]["number"]
        self.spoilt[victim.id] = number
        victim.document["event"] = "not an object"
        written = self.sink.write(alerts)
        self.written.add(written)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sink, name)


@fault("bad-document", "bulks of 500, each with one bad document", small=(1,), full=(100,))
def bad(scene: Scene, dose: int) -> None:
    """499 are stored; one is in the dead-letter store, with the server's reason."""
    scene.every = 1
    scene.create(scene.index)
    scene.put(TIME + n / 1000 for n in range(EACH * dose))
    scene.seconds = TIME + 3600
    worker = scene.launch(page_size=EACH)
    spoiling = Spoiling(worker.pipeline.sink)
    worker.pipeline.sink = spoiling  # type: ignore[assignment]
    records = [record for batch in worker.source.poll(None) for record in batch.records]
    for start in range(0, len(records), EACH):
        worker.pipeline.take("events", Batch(records[start : start + EACH]))
    scene.gone = set(spoiling.spoilt.values())
    written = spoiling.written
    kept = (written.created, written.dead)
    scene.check(kept == (499 * dose, dose), f"{kept} stored and dead, of {EACH * dose}")
    index = f"{DEAD_LETTER}{scene.namespace}"
    scene.client.refresh(index)
    body = {"query": {"match_all": {}}, "size": 1000}
    letters = {hit["_source"]["alert_id"]: hit["_source"]
               for hit in scene.client.search(body, index)["hits"]["hits"]}  # fmt: skip
    scene.check(letters.keys() == spoiling.spoilt.keys(), "the dead letters are not the bad ones")
    for letter in letters.values():
        document = orjson.loads(letter["document"])
        scene.check(document["event"] == "not an object", "a letter does not hold the alert")
        scene.check("object" in letter["error"], f"the reason is {letter['error']!r}")
