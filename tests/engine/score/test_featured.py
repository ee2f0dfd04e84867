"""A model that looks at levels, times and counters finds in a run what it does with a file."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engine.normalise import normalise
from engine.ports import Record
from engine.score.codec import packed, unpacked
from engine.score.limits import Limits
from engine.score.model import Model
from engine.score.observe import observation
from engine.score.signals import signals
from engine.score.window import Open
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from tests.engine.score.parts import at, ensemble, epoch, ordinary, own, record, see
from tests.engine.score.test_ensemble import TEN

FEATURES = ("counts", "figures", "levels", "times", "words", "counter:bytes")
PLAN = Plan({"pca": {}}, width=60, features=FEATURES)


def telling(records: list[Record], level: int = 4, grown: int = 10) -> list[Record]:
    """The same events, each with a level of Windows and a counter that grows."""
    rng = np.random.default_rng(1)
    return [
        Record({**each.document, "Level": level if rng.random() < 0.9 else 3, "bytes": n * grown},
               each.origin, id=each.id)
        for n, each in enumerate(records)
    ]  # fmt: skip


def seen(records: list[Record]) -> list[Observation]:
    events = map(normalise, records)
    return [
        replace(found, signals=signals(event, PLAN.signals))
        for event in events if (found := observation(event))
    ]  # fmt: skip


@cache
def model() -> Model:
    return Model("wide", "d" * 64, Bundle.fit(seen(telling(ordinary(200))), PLAN))


STRANGE = telling(ordinary(1, 303), level=2, grown=10**6)


@pytest.mark.parametrize("cut", range(5))
def test_a_run_says_what_a_file_does_also_after_a_restart_and_out_of_order(cut: int) -> None:
    records = [*telling(ordinary(3, 300)), *STRANGE[::-1]]
    wanted = {each.window.start: each.p for each in model().bundle.score(seen(records))}
    one, _ = ensemble(lateness=TEN, models=(model(),), alerts_a_day=3.0)
    alerts = []
    for n, each in enumerate([*records, record(352 * 60)]):
        see(one, each, at(353 * 60))
        alerts += one.advance("logs", at(353 * 60))
        if n == len(records) - cut:
            saved = json.loads(json.dumps(one.save()))
            one, _ = ensemble(lateness=TEN, models=(model(),), alerts_a_day=3.0)
            one.restore(saved, at(353 * 60))
    told = {each.anchor_time.timestamp(): own(each) for each in alerts}
    assert {start: each["scores"]["fused"] for start, each in told.items()} == {
        start: wanted[start] for start in told
    }
    texts = [each["text"] for each in told[epoch(303 * 60)]["explanation"]]
    assert any("bytes grew by " in each or "lines (smoothed)" in each for each in texts)


def test_what_is_over_the_bound_of_a_window_is_not_kept() -> None:
    one, _ = ensemble(models=(model(),), limits=Limits(window=2))
    for each in telling(ordinary(1, 303)):
        see(one, each, at(400 * 60))
    (window,) = one.tracks[0].windows.due(float("inf"))
    assert window.over
    assert [len(each) for each in window.signals] == [2, 2]


def test_a_window_without_signals_is_kept_as_before() -> None:
    window = Open("host.name=a", 0.0)
    assert "signals" not in packed(window)
    assert unpacked(json.loads(json.dumps(packed(window)))).signals == []
