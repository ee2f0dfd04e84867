from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sequence import forward, network
from models.sequence.forward import Shape
from models.train import heavy


def weights_of(shape: Shape) -> dict[str, forward.Array]:
    """Places and counts begin at zero: here they must matter."""
    rng = np.random.default_rng(3)
    return {
        name: each + rng.normal(0, 0.3, each.shape).astype(np.float32)
        for name, each in forward.initial(shape, rng).items()
    }


def torches(shape: Shape, tokens: Any, seen: Any = None) -> Any:
    torch = heavy.torch()
    weights = {name: torch.tensor(each) for name, each in weights_of(shape).items()}
    counts = torch.tensor(forward.occurrences(tokens, shape.counts))
    return network.hidden(weights, shape, torch.tensor(tokens), counts, seen).numpy()


@pytest.mark.parametrize("causal", [True, False])
def test_numpy_and_torch_agree(causal: bool) -> None:
    shape = Shape(11, 32, 3, 4, 20, 5, causal)
    tokens = np.random.default_rng(0).integers(0, 11, (6, 17))
    ours = forward.hidden(weights_of(shape), shape, tokens)
    assert np.abs(ours - torches(shape, tokens)).max() < 1e-4


def test_padding_that_is_not_to_be_seen_changes_nothing() -> None:
    shape = Shape(11, 32, 2, 4, 20, 5, causal=False)
    tokens = np.random.default_rng(0).integers(4, 11, (2, 9))
    wide = np.pad(tokens, ((0, 0), (0, 4)), constant_values=2)
    seen = heavy.torch().tensor(np.arange(13)[None] < np.array([[9], [9]]))
    assert np.abs(torches(shape, wide, seen)[:, :9] - torches(shape, tokens)).max() < 1e-5


def test_a_causal_network_does_not_see_what_comes_later() -> None:
    shape = Shape(11, 32, 2, 4, 20, 5, causal=True)
    tokens = np.random.default_rng(0).integers(0, 11, (1, 12))
    other = tokens.copy()
    other[0, 8:] = 3
    one, two = (forward.hidden(weights_of(shape), shape, each) for each in (tokens, other))
    assert np.abs(one[0, :8] - two[0, :8]).max() < 1e-5
    assert np.abs(one[0, 8:] - two[0, 8:]).max() > 1e-2


def test_what_is_attended_to_sums_to_one() -> None:
    shape = Shape(11, 32, 2, 4, 20, 5)
    seen: list[forward.Array] = []
    forward.hidden(weights_of(shape), shape, np.full((1, 6), 5), seen)
    assert [each.shape for each in seen] == [(1, 4, 6, 6)] * 2
    assert np.allclose(seen[0].sum(-1), 1)
    assert not np.triu(seen[1][0, 0], 1).any()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_occurrences_count_what_came_before(row: list[int]) -> None:
    before: Counter[int] = Counter()
    expected = []
    for token in row:
        expected.append(min(before[token], 3))
        before[token] += 1
    assert forward.occurrences(np.array([row, row[::-1]]), 4)[0].tolist() == expected
