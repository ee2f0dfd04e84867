"""Events into open windows, one by one, and runs that are ended and taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from engine.ports import Record
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.window import Open
from engine.score.windows import Windows
from models.bundle.bundle import Bundle
from models.bundle.plan import Plan
from tests.engine.score.parts import NOW, START, ensemble, normalise, ordinary, see


def put(into: Windows, entity: str, time: float, number: int = 1, text: str = "x") -> bool:
    """Whether an event of that kind is taken; one of the number 0 is new to the model."""
    window = into.take(entity, time)
    if window is None:
        return False
    if into.add(window, time, number):
        made = Record({"text": text}, "o", line=1)
        into.sample(window, time, number, made, None if number else {"EventID": text})
    assert into.at(entity, time) is window
    return True


def shown(windows: Sequence[Open], into: Windows) -> list[tuple[Any, ...]]:
    """Of each window its entity, bounds and events."""
    return [(w.entity, w.start, into.end(w), w.events()[1]) for w in windows]


def fitted(name: str, plan: Plan) -> Model:
    """A model of a host that works for some seconds of every minute, in the windows of a plan."""
    seen = [observation(normalise(each)) for each in ordinary(200)]
    bundle = Bundle.fit([each for each in seen if each], plan)
    span = {"from": START.isoformat(), "to": (START + timedelta(days=2)).isoformat()}
    return Model(name, "a" * 64, bundle, span)


def resumed(
    records: Sequence[Record],
    cuts: Sequence[bool],
    batch: int,
    model: Callable[[], Model],
    alerts_a_day: float,
) -> dict[str, Any]:
    """Alerts by id of a run that is ended and taken up again after those batches."""

    def begun() -> Any:
        return ensemble(
            lateness=timedelta(minutes=2), alerts_a_day=alerts_a_day, models=(model(),)
        )[0]

    one = begun()
    found = {}
    for number, each in enumerate(records):
        see(one, each, NOW)
        if number % batch == batch - 1 or number == len(records) - 1:
            alerts = one.advance("logs", NOW)
            found.update({alert.id: alert.document for alert in alerts})
            if cuts[number]:
                saved = json.loads(json.dumps(one.save()))
                one = begun()
                one.restore(saved, NOW)
    return found
