"""Figures of template accuracy, by hand."""

from __future__ import annotations

import pytest

from models.errors import DataError
from models.template.accuracy import grouping, parsing_accuracy


def test_a_line_counts_when_its_group_is_exactly_right() -> None:
    found = grouping(["a", "a", "b", "b", "c"], [1, 1, 2, 3, 4])
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.f1 == pytest.approx(2 * 2 / (3 + 4))
    assert (found.true, found.found) == (3, 4)


def test_a_group_with_a_stranger_in_it_is_wrong_for_all() -> None:
    assert grouping(["a", "a", "b"], [1, 1, 1]).accuracy == 0.0


def test_the_names_of_groups_do_not_matter() -> None:
    assert grouping([1, 2, 1], ["x", "y", "x"]).accuracy == 1.0


def test_texts_are_the_same_however_finely_a_value_is_cut() -> None:
    truth = ["from <*>:<*>", "a <*>", "b <*>"]
    assert parsing_accuracy(truth, ["from <*>", "a  <*>", "b c"]) == pytest.approx(2 / 3)


def test_nothing_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="no lines"):
        grouping([], [])
    with pytest.raises(DataError, match="1 lines were grouped, of 2"):
        grouping(["a", "b"], [1])
