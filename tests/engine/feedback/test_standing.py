"""Verdicts during a run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.errors import Problem, SinkError
from engine.feedback.standing import Standing, Weighed
from engine.ports import Alert, Document, Written
from tests.engine.feedback.parts import START, document, verdict


class Store:
    """Actions and a sink in memory; `broken` answers nothing."""

    def __init__(self) -> None:
        self.told: list[Document] = []
        self.stored: list[Alert] = []
        self.broken = False
        self.reads = 0

    def read(self, since: datetime | None = None, kind: str | None = None) -> Iterator[Document]:
        self.reads += 1
        if self.broken:
            raise SinkError("away")
        return iter(list(self.told))

    def record(self, actions: object) -> None: ...

    def prepare(self) -> None: ...

    def write(self, alerts: list[Alert]) -> Written:  # type: ignore[override]
        self.stored += alerts
        return Written(len(alerts))

    def close(self) -> None: ...


def test_verdicts_that_come_during_a_run_change_what_is_written_after_a_minute() -> None:
    store, now, problems = Store(), [START], list[Problem]()
    sink = Weighed(store, Standing(store, lambda: now[0], problems.append))  # type: ignore[arg-type]

    def written() -> float:
        sink.write([Alert("x", START, document("x"))])
        found: float = store.stored[-1].document["vedette"]["alert"]["confidence"]
        return found

    assert written() == 0.6
    store.told = [verdict("false", document(f"a{n}")).action().document for n in range(4)]
    assert written() == 0.6
    assert store.reads == 1
    now[0] += timedelta(minutes=1)
    assert written() < 0.4
    assert problems == []


def test_a_store_that_is_away_leaves_what_was_known_in_force_and_is_told() -> None:
    store, now, problems = Store(), [START], list[Problem]()
    store.told = [verdict("false", document("a")).action().document]
    standing = Standing(store, lambda: now[0], problems.append)  # type: ignore[arg-type]
    before = standing.tally()
    store.broken = True
    now[0] += timedelta(hours=1)
    assert standing.tally() is before
    assert [problem.kind for problem in problems] == ["verdicts-unread"]
