"""N-grams and their weights, beside scikit-learn's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from models.errors import DataError, ModelError, StoreError
from models.feature.grams import character_grams, word_grams
from models.feature.tfidf import TfIdf
from models.store import pack, unpack
from tests.models import data

TEXTS = data.texts(40)


def test_grams_of_words() -> None:
    assert list(word_grams("Port <*> is UP", 1, 2)) == [
        "port", "<*>", "is", "up", "port <*>", "<*> is", "is up",
    ]  # fmt: skip


def test_grams_of_characters_stay_within_a_word() -> None:
    assert list(character_grams("ab c", 3, 4)) == [" ab", "ab ", " ab ", " c "]


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="ab c\té", min_size=1), min_size=1, max_size=6))
def test_character_weights_are_those_of_scikit_learn(texts: list[str]) -> None:
    texts = [*texts, "abc"]
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), sublinear_tf=True)
    expected = theirs.fit_transform(texts).toarray()
    ours = TfIdf("character", 2, 3).fit(texts)
    assert ours.grams() == list(theirs.get_feature_names_out())
    assert ours.transform(texts) == pytest.approx(expected)


def test_word_weights_are_those_of_scikit_learn() -> None:
    pattern = r"<\*>|\w+"
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=pattern)
    expected = theirs.fit_transform(TEXTS).toarray()
    assert TfIdf().fit(TEXTS).transform(TEXTS) == pytest.approx(expected)


def test_rows_are_of_length_1_or_0_and_columns_are_bounded() -> None:
    model = TfIdf(most=5).fit(TEXTS)
    rows = model.transform([*TEXTS, "", "x" * 1_000_000, "💥"])
    assert rows.shape == (43, 5)
    assert np.linalg.norm(rows[:40], axis=1) == pytest.approx(np.ones(40))
    assert not rows[40:].any()


def test_restored_it_gives_the_same_rows() -> None:
    model = TfIdf("character", 3, 4, 100).fit(TEXTS)
    state = model.state()
    again = TfIdf.restore(replace(state, arrays=unpack(pack(state.arrays), "x")))
    assert np.array_equal(again.transform(TEXTS), model.transform(TEXTS))
    with pytest.raises(StoreError):
        TfIdf.restore(replace(state, facts={"grams": ["a"]}))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ModelError):
        TfIdf("letters")
    with pytest.raises(ModelError):
        list(word_grams("a", 2, 1))
    with pytest.raises(DataError):
        TfIdf().fit([])
