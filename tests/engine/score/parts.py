"""A small model and events for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from engine.alert import AlertMaker, Execution
from engine.correlate.value import micros
from engine.errors import Problems
from engine.normalise import normalise
from engine.ports import Alert, Record
from engine.score.ensemble import Ensemble
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.scorer import Placed
from mitre.catalog import Catalog
from models.bundle.bundle import Bundle
from models.bundle.plan import Plan

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOW = START + timedelta(days=30)
PLAN = Plan(detectors={"new-value": {}, "count-vector": {}, "markov": {}}, width=60)


def document(at: float, code: int = 4624, host: str = "WS1", **more: Any) -> dict[str, Any]:
    """A logon, or another event of the Security log, so many seconds after the start."""
    time = START + timedelta(seconds=at)
    return {
        "@timestamp": time.isoformat(),
        "Channel": "Security",
        "EventID": code,
        "Computer": host,
        **more,
    }


def record(at: float, code: int = 4624, host: str = "WS1", **more: Any) -> Record:
    """The same as a record; its id is its place in time."""
    made = document(at, code, host, **more)
    return Record(made, "logs", id=f"{host}-{at:g}-{code}")


def ordinary(minutes: int, first: int = 0) -> list[Record]:
    """A host that logs on, works and logs off every minute, now and then with a failed logon."""
    found = []
    for minute in range(first, first + minutes):
        at = minute * 60.0
        codes = [4624, *[4688] * (minute % 4), *([4625] if minute % 7 == 0 else []), 4634]
        found += [record(at + step, code) for step, code in enumerate(codes)]
    return found


def strange(minute: int, host: str = "WS1") -> list[Record]:
    """A minute in which the log is cleared, three times."""
    return [record(minute * 60 + step, 1102, host, SubjectUserName="eve") for step in range(3)]


@cache
def model(name: str = "small") -> Model:
    """A model of `ordinary` minutes."""
    seen = [observation(normalise(each)) for each in ordinary(200)]
    bundle = Bundle.fit([each for each in seen if each], PLAN)
    told = {"from": START.isoformat(), "to": (START + timedelta(days=2)).isoformat()}
    return Model(name, "0123456789abcdef" * 4, bundle, told)


@cache
def maker() -> AlertMaker:
    return AlertMaker(Catalog.load(), Execution("x", "test"), namespace="default")


def ensemble(**more: Any) -> tuple[Ensemble, Problems]:
    problems = Problems()
    models = more.pop("models", (model(),))
    budget = more.pop("alerts_a_day", 1.0)
    return Ensemble(models, maker(), problems, alerts_a_day=budget, **more), problems


def see(one: Ensemble, each: Record, now: datetime) -> Placed | None:
    """Have a record seen."""
    return one.see(each, lambda: normalise(each), now)


def told(
    one: Ensemble, records: Sequence[Record], clock: Callable[[], datetime] = lambda: NOW
) -> list[Alert]:
    """All alerts of a hunt through records."""
    for each in records:
        see(one, each, clock())
    return one.finish(clock())


def own(alert: Alert) -> dict[str, Any]:
    """What is under `vedette.alert`."""
    found: dict[str, Any] = alert.document["vedette"]["alert"]
    return found


def at(seconds: float) -> datetime:
    """The moment so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def epoch(seconds: float) -> float:
    """The same in seconds since 1970."""
    return micros(at(seconds)) / 1e6
