"""The parts of the mapper do what scikit-learn and plain refitting do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mitre import logistic, ridge
from mitre.bag import FREQUENT, Bag
from mitre.candidates import FEATURES, Labels, Weigher
from mitre.dense import Dense
from mitre.features import letters, words


def test_words_of_a_path_are_its_whole_its_parts_its_ending_and_the_pieces_of_names() -> None:
    found = set(words(r"C:\Temp\EncodedCommand.ps1 4625"))
    assert {r"wc:\temp\encodedcommand.ps1", "ptemp", "pencodedcommand.ps1", "xps1"} <= found
    assert {"tencoded", "tcommand", "w4625", "t4625"} <= found


def test_letters_stay_within_a_word() -> None:
    assert list(letters("ab", 3, 4)) == [" ab", "ab ", " ab "]
    assert "b c" not in set(letters("ab cd"))


def test_the_gram_matrix_is_what_each_row_is_like() -> None:
    rng = np.random.default_rng(1)
    texts = [[f"w{n}" for n in rng.zipf(1.5, 12) if n < 60] + ["all", "all"] for _ in range(80)]
    bag = Bag.of(texts)
    sizes = np.diff(bag.starts)
    assert (sizes > FREQUENT).any()
    assert (sizes <= FREQUENT).any()
    gram = bag.gram()
    np.testing.assert_allclose(gram, np.stack([bag.like(text) for text in texts]), atol=1e-5)
    np.testing.assert_allclose(gram, gram.T, atol=1e-6)
    assert gram.max() <= 1 + 1e-5


def test_weights_are_those_of_scikit_learn_where_no_word_is_rare() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["a b c", "a b b", "c a a", "b c b"]
    rows = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w").fit_transform(texts)
    ours = Bag.of([text.split() for text in texts])
    np.testing.assert_allclose(ours.gram(), (rows @ rows.T).toarray(), atol=1e-6)


def test_what_nobody_else_has_makes_a_text_less_like_others() -> None:
    bag = Bag.of([["a", "b"], ["a", "b"], ["a", "c"]])
    assert bag.like(["a", "b"])[0] > bag.like(["a", "b", "unheard"])[0] > 0


def test_what_ridge_says_of_a_row_left_out_is_what_refitting_without_it_says() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(12, 5)).astype(np.float32)
    wanted = rng.normal(size=(12, 3)).astype(np.float32)
    kernel = rows @ rows.T
    _, left_out = ridge.fit(kernel, wanted, 0.5)
    for row in range(12):
        others = np.arange(12) != row
        weights, _ = ridge.fit(kernel[np.ix_(others, others)], wanted[others], 0.5)
        np.testing.assert_allclose(left_out[row], kernel[row, others] @ weights, atol=2e-2)


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.booleans())
def test_rows_that_are_left_out_together_are_predicted_by_all_others(
    seed: int, pairs: int, proper: bool
) -> None:
    rng = np.random.default_rng(seed)
    size = 12
    rows = rng.normal(size=(size, 5))
    wanted = rng.normal(size=(size, 2)).astype(np.float32)
    # a diagonal far below 0 is no kernel's, and that is solved by the plain inverse
    kernel = (rows @ rows.T - (0 if proper else 90) * np.eye(size)).astype(np.float32)
    order, mates = rng.permutation(size), np.arange(size)
    for one, other in order[: 2 * pairs].reshape(-1, 2):
        mates[one], mates[other] = other, one
    _, left_out = ridge.fit(kernel, wanted, 1.0, mates)
    for row in range(size):
        others = ~np.isin(np.arange(size), [row, mates[row]])
        inside = kernel[np.ix_(others, others)] + np.eye(others.sum())
        plain = kernel[row, others] @ np.linalg.solve(inside, wanted[others])
        np.testing.assert_allclose(left_out[row], plain, atol=1e-3)


def test_large_kernels_are_solved_as_inverting_them_would() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(ridge.SMALL * 2 + 3, 20)).astype(np.float32)
    wanted = rng.normal(size=(len(rows), 3)).astype(np.float32)
    kernel = rows @ rows.T
    before = kernel.copy()
    weights, left_out = ridge.fit(kernel, wanted, 5.0)
    inverse = np.linalg.inv(kernel.astype(np.float64) + 5.0 * np.eye(len(rows)))
    plain = inverse @ wanted
    np.testing.assert_allclose(weights, plain, atol=2e-3)
    np.testing.assert_allclose(left_out, wanted - plain / np.diag(inverse)[:, None], atol=1e-3)
    np.testing.assert_array_equal(kernel, before)


def test_similarities_that_are_no_kernel_are_solved_too() -> None:
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32)
    wanted = np.eye(3, dtype=np.float32)
    weights, _ = ridge.fit(kernel, wanted, 0.5)
    np.testing.assert_allclose((kernel + 0.5 * np.eye(3)) @ weights, wanted, atol=5e-3)


def test_a_long_word_has_the_same_runs_as_a_short_one() -> None:
    short, long = "abcdef", "abcdef" * 20
    assert set(letters(short)) - {"ef ", "def ", "cdef "} <= set(letters(long))
    assert list(letters(f"{short} {short}")) == list(letters(short)) * 2


def test_logistic_regression_gives_back_the_chances_it_was_drawn_from() -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(20_000, 2))
    true = 1 / (1 + np.exp(-(features @ [1.5, -1.0] - 0.5)))
    weights = logistic.fit(features, rng.random(20_000) < true)
    np.testing.assert_allclose(weights, [1.5, -1.0, -0.5], atol=0.1)
    assert np.abs(logistic.chance(features, weights) - true).mean() < 0.02


def test_logistic_regression_stands_what_can_be_told_apart_wholly() -> None:
    features = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    chance = logistic.chance(features, logistic.fit(features, features[:, 0] > 0))
    assert (chance[:2] < 0.5).all()
    assert (chance[2:] > 0.5).all()


def test_candidates_are_the_best_of_both_and_each_has_all_features() -> None:
    wanted = np.eye(4, dtype=np.float32)
    labels = Labels(
        wanted, np.array([0, 0, 1, 2]), np.ones((4, 2), dtype=np.float32), wanted[:, :2]
    )
    found, features = Weigher(labels)(
        np.array([0.1, 0.0, 0.9, 0.2], np.float32), np.array([0.8, 0.1, 0.2, 0.1], np.float32)
    )
    assert found[0] == 2
    assert set(found) == {0, 1, 2, 3}
    assert features.shape == (4, FEATURES)
    assert np.isfinite(features).all()


def test_vectors_are_compared_about_their_mean() -> None:
    vectors = np.array([[1, 0, 3], [0, 1, 3], [1, 1, 3], [0, 0, 3]], dtype=np.float32)
    dense = Dense.of(vectors)
    assert dense.like(vectors[0])[0] > 0.99
    assert dense.like(vectors[0])[1] == 0.0
    np.testing.assert_allclose(dense.gram()[0], dense.like(vectors[0]), atol=1e-6)
