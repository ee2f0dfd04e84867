"""Shapley values: exact where they can be, as `shap` has them, and adding up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.baseline.isolation_forest import IsolationForest
from models.baseline.pca import Pca
from models.errors import DataError
from models.explain import shapley as module
from models.explain.shapley import by_shap, shapley
from tests.models import data

NORMAL = data.vectors(60)
STRANGE = NORMAL[0] + np.array([0, 0, 9, 0, 0, -4])
NAMES = ["logons", "hosts", "bytes", "errors", "ports", "users"]


def curved(rows: Any) -> Any:
    return rows[:, 0] * rows[:, 1] + np.abs(rows[:, 2]) - rows[:, 3] * rows[:, 4] * rows[:, 5]


@pytest.mark.parametrize("detector", [Pca(), IsolationForest(trees=20)])
def test_values_and_base_add_up_to_the_score(detector: Any) -> None:
    detector.fit(NORMAL)
    found = shapley(detector.score, STRANGE, NORMAL)
    assert found.base + found.values.sum() == pytest.approx(detector.score(STRANGE[None])[0])


def test_of_a_sum_each_column_adds_its_own_part() -> None:
    weights = np.arange(6.0)
    found = shapley(lambda rows: rows @ weights, STRANGE, NORMAL)
    assert found.values == pytest.approx(weights * (STRANGE - NORMAL.mean(axis=0)))


def test_values_are_those_of_shap() -> None:
    rows = np.stack([STRANGE, NORMAL[3]])
    theirs = by_shap(curved, rows, NORMAL)
    for row, want in zip(rows, theirs, strict=True):
        assert shapley(curved, row, NORMAL).values == pytest.approx(want, abs=1e-9)


def test_drawn_orders_come_near_the_exact_values(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = shapley(curved, STRANGE, NORMAL).values
    monkeypatch.setattr(module, "EXACT", 0)
    drawn = shapley(curved, STRANGE, NORMAL, orders=200).values
    assert drawn == pytest.approx(exact, abs=0.1 * np.abs(exact).max())
    assert drawn.sum() == pytest.approx(exact.sum())


def test_many_columns_are_explained_by_drawn_orders() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 30))
    strange = rows[0].copy()
    strange[17] = 25
    found = shapley(Pca().fit(rows).score, strange, rows, orders=4)
    assert found.values.argmax() == 17


def test_reasons_name_what_is_and_what_is_usual() -> None:
    found = shapley(lambda rows: rows.sum(axis=1), np.array([40.0, 1]), np.full((5, 2), 3.0))
    assert [reason.text for reason in found.reasons(["logons", "hosts"])] == [
        "logons is 40, where 3 is usual",
        "hosts is 1, where 3 is usual",
    ]


def test_the_same_seed_gives_the_same_values() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 12))
    model = Pca().fit(rows)
    first, second = (shapley(model.score, rows[3] * 3, rows, orders=2, seed=5) for _ in range(2))
    assert np.array_equal(first.values, second.values)


def test_no_background_and_rows_of_another_width_are_refused() -> None:
    with pytest.raises(DataError, match="background"):
        shapley(curved, STRANGE, NORMAL[:0])
    with pytest.raises(DataError, match="6 columns"):
        shapley(curved, STRANGE[:4], NORMAL)
