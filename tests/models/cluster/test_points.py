"""Rows made ready to be clustered, and the nearest of them."""

from __future__ import annotations

import numpy as np
import pytest

from models.cluster.points import distinct, nearest
from models.errors import DataError


def test_rows_that_repeat_count_once_and_say_how_often() -> None:
    rows, counts, which = distinct([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]], 10, 0)
    assert which.tolist() == [1, 0, 1]
    assert rows.tolist() == [[0, 0], [1, 2]]
    assert counts.tolist() == [1, 2]


def test_more_than_can_be_borne_is_sampled_by_the_seed() -> None:
    data = np.random.default_rng(0).normal(size=(500, 3))
    rows, _, which = distinct(data, 100, 5)
    assert rows.shape == (100, 3)
    assert np.array_equal(data[which >= 0], rows[which[which >= 0]])
    assert (which >= 0).sum() == 100
    assert np.array_equal(rows, distinct(data, 100, 5)[0])
    assert not np.array_equal(rows, distinct(data, 100, 6)[0])


@pytest.mark.parametrize("wrong", [np.zeros((0, 2)), [[1.0, np.nan]], [[np.inf, 1.0]], [1.0]])
def test_nothing_and_what_is_no_number_is_refused(wrong: object) -> None:
    with pytest.raises(DataError):
        distinct(wrong, 10, 0)


@pytest.mark.parametrize("cells", [1, 100, 1 << 20])
def test_the_nearest_are_those_of_all_distances(cells: int) -> None:
    rng = np.random.default_rng(1)
    known, rows = rng.normal(size=(40, 3)) + 1e6, rng.normal(size=(15, 3)) + 1e6
    apart, at = nearest(known, rows, 4, cells)
    every = np.linalg.norm(rows[:, None] - known, axis=2)
    assert np.allclose(apart, np.sort(every, axis=1)[:, :4], rtol=1e-9)
    assert np.array_equal(at, np.argsort(every, axis=1)[:, :4])


def test_no_more_are_found_than_there_are() -> None:
    assert nearest(np.zeros((2, 1)), np.ones((3, 1)), 5)[0].shape == (3, 2)
    assert nearest(np.zeros((2, 1)), np.ones((0, 1)), 5)[0].shape == (0, 2)
