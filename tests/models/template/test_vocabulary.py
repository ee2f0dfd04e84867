"""Numbers for texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.errors import ModelError, StoreError
from models.template.vocabulary import LONGEST, Vocabulary


def test_numbers_are_in_the_order_of_first_sight_and_0_is_unknown() -> None:
    words = Vocabulary()
    assert words.learn_all(["b", "a", "b", ""]) == [1, 2, 1, 3]
    assert words.match_all(["a", "c", ""]) == [2, 0, 3]
    assert len(words) == 3
    assert [words.text(n) for n in (0, 1, 2)] == ["", "b", "a"]


def test_it_has_no_more_texts_than_it_may() -> None:
    words = Vocabulary(most=2)
    assert words.learn_all(["a", "b", "c", "a"]) == [1, 2, 0, 1]


def test_only_the_beginning_of_a_long_text_counts() -> None:
    words = Vocabulary()
    assert words.learn_all(["x" * 1_000_000, "x" * LONGEST]) == [1, 1]


def test_a_restored_vocabulary_goes_on() -> None:
    words = Vocabulary(most=3)
    words.learn_all(["b", "a"])
    again = Vocabulary.restore(words.state())
    assert again.texts() == ["b", "a"]
    assert again.learn_all(["c", "d", "b"]) == [3, 0, 1]


@pytest.mark.parametrize("texts", [["a", "a"], ["a", "b", "c"], [1], None])
def test_texts_that_are_no_vocabulary_are_refused(texts: object) -> None:
    with pytest.raises(StoreError):
        Vocabulary.restore(replace(Vocabulary(most=2).state(), facts={"texts": texts}))


def test_a_number_that_was_not_given_has_no_text() -> None:
    with pytest.raises(ModelError, match="none has the number 1"):
        Vocabulary().text(1)
