"""Verdicts replayed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.score.learned import METHODS
from models.feature.volume import Volume
from vedette.evaluate import replay
from vedette.evaluate.protocol import protocol
from vedette.evaluate.replay import CHANCE, ORDER, RANKED, Queue, features, precision, rows
from vedette.evaluate.sets.ait_ads import Window


def queue(count: int = 2400, true: str = "a") -> Queue:
    """Alerts of ten types, of which one is an attack's, in an order that says nothing."""
    rng = np.random.default_rng(0)
    types = [f"{'abcdefghij'[rng.integers(10)]}" for _ in range(count)]
    return Queue(
        rng.normal(size=(count, 3)),
        rng.random(count),
        np.array([kind == true for kind in types]),
        types,
        [("company", f"h{rng.integers(5)}", int(rng.integers(40))) for _ in range(count)],
    )


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "DRAWS", 2)


def test_precision_is_of_what_is_opened_until_the_recall_is_reached() -> None:
    labels = np.array([True, False, True, False, False, True, True])
    assert precision(labels, 0.25) == 1
    assert precision(labels, 0.5) == pytest.approx(2 / 3)
    assert precision(labels, 0.9) == pytest.approx(4 / 7)


def test_verdicts_find_out_which_type_is_true_where_nothing_else_tells() -> None:
    found = rows(queue())
    assert {row.chosen for row in found} == {CHANCE, RANKED, ORDER}
    for row in found:
        assert row.before < 0.2
        if row.verdicts >= 200:
            assert row.after > 0.95, row


def test_each_way_to_weigh_verdicts_has_a_table_of_its_own() -> None:
    both = [row for how in ("none", "classes") for row in rows(queue(), how)]
    text = list(replay.show(both))
    assert text.index("verdicts weighed: classes") == len(both) // 2 + 1
    assert sum(line.startswith("judged ") for line in text) == 2


def test_each_method_has_a_table_of_its_own_and_trees_find_the_type_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "DRAWS", 1)
    monkeypatch.setattr(replay, "VERDICTS", (200,))
    both = [row for how in METHODS for row in rows(queue(), method=how)]
    text = list(replay.show(both))
    assert text.index("learned by: boosting") == len(both) // 2 + 1
    assert [row.method for row in both] == ["logistic"] * 6 + ["boosting"] * 6
    assert min(row.after for row in both) > 0.9 > 4 * max(row.before for row in both)


def test_where_verdicts_say_nothing_nothing_is_gained() -> None:
    """Labels by chance: a gain here would be a leak of the labels that are measured."""
    plain = queue()
    rng = np.random.default_rng(1)
    noise = replace(plain, labels=rng.random(len(plain)) < 0.1)
    for row in rows(noise):
        assert row.after < 0.14, row


def test_a_judged_alert_is_described_by_the_verdicts_before_its_own() -> None:
    found = queue(200)
    judged = np.arange(100)
    flipped = replace(found, labels=found.labels ^ (np.arange(200) >= 70))
    one, two = (features(each, judged, judged) for each in (found, flipped))
    assert (one[:71] == two[:71]).all()
    assert (one[71:] != two[71:]).any()


def test_what_is_measured_tells_the_regression_nothing() -> None:
    found = queue(200)
    judged, measured = np.arange(100), np.arange(100, 200)
    turned = replace(found, labels=found.labels ^ (np.arange(200) >= 100))
    one, two = (features(each, measured, judged) for each in (found, turned))
    assert (one == two).all()


def test_alerts_of_one_type_in_one_window_are_one_and_the_strangest_windows_come_first() -> None:
    both = {"a": (1, False), "b": (1, False)}
    quiet = [Window(6000 * n, "h", ("a", "b"), "", both, Volume("h", 10 * n, 2)) for n in range(60)]
    odd = Window(6000 * 99, "h", ("x",) * 9, "scan", {"x": (9, True)}, Volume("h", 990, 9))
    found = replay.company("c", quiet, [*quiet[:5], odd], protocol())
    assert len(found) == 11
    assert found.labels.tolist() == [False] * 10 + [True]
    assert found.first.argmin() == 10
    assert found.blocks[-1] == ("c", "h", 6000 * 99 // 21600)
