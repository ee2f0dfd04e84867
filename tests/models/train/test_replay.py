from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from models.base import Detector, Floats, Reason, State, Takes
from models.baseline.count_vector import CountVector
from models.errors import DataError, ModelError
from models.sequence.gpt import Gpt
from models.sequence.lstm import Lstm
from models.train.replay import Memory, average_precision, foreseen, ranking, update
from tests.models.data import sessions


class Mean(Detector[Any]):
    """The distance from the mean of what it learned last: it forgets all else."""

    name: ClassVar[str] = "mean"
    takes: ClassVar[Takes] = Takes.SERIES
    source: ClassVar[str] = "this test"

    def __init__(self, middle: float = 0.0) -> None:
        self.middle = middle

    def fit(self, data: Any) -> Self:
        self.middle = float(np.mean(data))
        return self

    partial_fit = fit

    def score(self, data: Any) -> Floats:
        return np.abs(np.asarray(data, dtype=np.float64) - self.middle)

    def explain(self, data: Any, at: int, most: int = 3) -> list[Reason]:
        return []

    def state(self) -> State:
        return State({"middle": self.middle})

    @classmethod
    def restore(cls, state: State) -> Self:
        return cls(**state.parameters)


def test_an_update_that_forgets_is_refused_and_leaves_model_and_memory_alone() -> None:
    model, memory = Mean().fit([1.0, 1.0]), Memory[float](2)
    memory.add([1.0, 1.0])
    done = update(model, [100.0] * 50, memory, ranking([1.0, 1.1, 0.9], [5.0, 6.0]))
    assert not done.kept
    assert done.model is model
    assert model.middle == 1.0
    assert (done.before, memory.items) == (1.0, [1.0, 1.0])
    assert done.after < 0.99
    assert done.summary() == {"before": 1.0, "after": done.after, "kept": False}


def test_an_update_that_remembers_is_kept_and_remembered() -> None:
    model, memory = Mean().fit([1.0, 1.0]), Memory[float](100)
    memory.add([1.0, 1.0])
    done = update(model, [1.2, 1.2], memory, ranking([1.0, 1.1, 0.9], [5.0, 6.0]))
    assert done.kept
    assert done.model is not model
    assert done.model.middle == pytest.approx(1.1)
    assert memory.items == [1.0, 1.0, 1.2, 1.2]


def test_without_labels_the_score_of_old_normals_decides() -> None:
    model, memory = Mean(1.0), Memory[float](1)
    assert update(model, [1.005], memory, foreseen([1.0, 1.0])).kept
    assert not update(model, [1.5], memory, foreseen([1.0, 1.0])).kept


def test_a_detector_that_cannot_go_on_learning_is_refused() -> None:
    with pytest.raises(ModelError, match="count-vector cannot learn beside"):
        update(CountVector().fit([(1,)]), [(2,)], Memory[Any](1), foreseen([(1,)]))


def test_a_memory_is_a_fair_sample_of_all_it_saw() -> None:
    counts = np.zeros(20)
    for seed in range(400):
        memory = Memory[int](5, seed)
        memory.add(range(20))
        counts[memory.items] += 1
    # Each is in a memory with probability 1/4: 100 times, with a deviation of 8.7.
    assert np.abs(counts - 100).max() < 40
    assert memory.seen == 20


def test_a_memory_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="one item at least"):
        Memory[int](0)


def test_average_precision_is_that_of_the_textbook() -> None:
    assert average_precision(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    # Ranks of the strange: 1 and 3 of 4.
    found = average_precision(np.array([2.0, 0.0]), np.array([3.0, 1.0]))
    assert found == pytest.approx((1 + 2 / 3) / 2)
    # All alike: the share of what is strange.
    assert average_precision(np.zeros(3), np.zeros(1)) == 0.25


@pytest.mark.parametrize("make", [Gpt, partial(Lstm, width=16, states=32, budget=200_000)])
def test_a_network_learns_new_events_and_keeps_the_old(make: Callable[..., Gpt | Lstm]) -> None:
    old, new = sessions(120), [(1, 2, 8, 8, 9, 6)] * 60
    model = make(seed=1).fit(old)
    memory = Memory[Any](60, seed=0)
    memory.add(old)
    strange = [(6, 6, 6, 1), (0, 0, 0), (3, 1, 1), (1, 6), (4,), (2, 3)]
    done = update(model, new, memory, ranking(sessions(80, seed=4), strange))
    assert done.kept
    gained = (model.surprises(new[:1])[0] - done.model.surprises(new[:1])[0]).sum()
    assert gained > 3
