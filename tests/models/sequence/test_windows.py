from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.sequence.windows import distinct, equal, packed, padded, split, windows


@given(st.integers(2, 200), st.integers(2, 20), st.integers(0, 1))
def test_windows_cover_each_token_once_as_new(length: int, context: int, extra: int) -> None:
    tokens = np.arange(length)
    cut = list(windows(tokens, context, context // 2, extra))
    assert all(len(each.tokens) <= context + extra for each in cut)
    # With `extra`, what is judged is the targets: all but the first of each window.
    new = np.concatenate([each.tokens[each.old + extra :] for each in cut])
    assert new.tolist() == tokens[extra:].tolist()
    assert [each.old for each in cut[1:]] == [context // 2] * (len(cut) - 1)


def test_what_repeats_is_kept_once_with_its_count() -> None:
    rows, counts = distinct(np.array(each) for each in ([1, 2], [3], [1, 2], [1]))
    assert [row.tolist() for row in rows] == [[1, 2], [3], [1]]
    assert counts.tolist() == [2, 1, 1]


def test_nothing_is_both_learned_from_and_held_out() -> None:
    learned, held = split(50, 0.1, np.random.default_rng(0))
    assert sorted(learned + held) == list(range(50))
    assert len(held) == 5
    assert split(1, 0.1, np.random.default_rng(0)) == ([0], [0])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(10, 80))
def test_batches_take_every_place_once_and_stay_small(lengths: list[int], cells: int) -> None:
    for batches in (packed(lengths, cells, range(len(lengths))), list(equal(lengths, cells))):
        assert sorted(at for each in batches for at in each) == list(range(len(lengths)))
        for places in batches:
            assert len(places) == 1 or max(lengths[at] for at in places) * len(places) <= cells
    assert all(len({lengths[at] for at in places}) == 1 for places in equal(lengths, cells))


def test_padding_weighs_nothing() -> None:
    tokens, real = padded([np.array([5, 6, 7]), np.array([8])])
    assert tokens[0].tolist() == [5, 6, 7]
    assert tokens[1, 0] == 8
    assert real.tolist() == [[1, 1, 1], [1, 0, 0]]
