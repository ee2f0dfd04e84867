from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DataError
from models.sequence import recurrent
from models.sequence.recurrent import Shape
from models.train import heavy

ROWS = st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=12), min_size=1, max_size=6)


def weights_of(shape: Shape) -> dict[str, Any]:
    """Large enough that gates open and close, biases among them."""
    rng = np.random.default_rng(3)
    return {
        name: each + rng.normal(0, 0.5, each.shape).astype(np.float32)
        for name, each in recurrent.initial(shape, rng).items()
    }


def in_torch(shape: Shape, row: list[int]) -> Any:
    torch = heavy.torch()
    weights = {name: torch.tensor(each) for name, each in weights_of(shape).items()}
    with heavy.threads(0):
        states = recurrent.hidden(weights, shape, weights["token"][torch.tensor([row])])
    return torch.log_softmax(states @ weights["head"] + weights["offset"], -1)[0].numpy()


@pytest.mark.parametrize("layers", [1, 3])
@settings(max_examples=20)
@given(rows=ROWS)
def test_numpy_and_torch_agree(layers: int, rows: list[list[int]]) -> None:
    shape = Shape(11, 6, 9, layers)
    rows.sort(key=len, reverse=True)
    theirs = [in_torch(shape, row) for row in rows]
    steps = recurrent.chances(weights_of(shape), shape, [np.array(row) for row in rows])
    for step, (live, told) in enumerate(steps):
        assert live == sum(len(row) > step for row in rows)
        for each, other in zip(told, theirs, strict=False):
            assert np.abs(each - other[step]).max() < 1e-4
    assert step == len(rows[0]) - 1


def test_rows_in_another_order_are_refused() -> None:
    shape = Shape(11)
    rows = [np.array([1]), np.array([1, 2])]
    with pytest.raises(ValueError, match="longest to the shortest"):
        list(recurrent.chances(weights_of(shape), shape, rows))


@pytest.mark.parametrize("sizes", [(0, 4, 4, 1), (4, 4, 4, 65), (4, 1 << 30, 4, 1)])
def test_a_shape_that_cannot_be_is_refused(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(DataError, match="no network can have the shape"):
        Shape(*sizes)
