from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from models.errors import DataError, ModelError
from models.train import heavy
from models.train.loop import Batch, Progress, Recipe, Run, mean_loss, schedule, train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype(np.float32)
SLOPE = np.array([[2.0], [-1.0], [0.5]], np.float32)
LESSON: Batch = {"x": X[:48], "y": X[:48] @ SLOPE}
HELD_OUT: Batch = {"x": X[48:], "y": X[48:] @ SLOPE}
FIRST = {"slope": np.zeros((3, 1), np.float32)}


def squares(weights: Any, batch: Any) -> tuple[Any, Any]:
    error = (batch["x"] @ weights["slope"] - batch["y"]).square()
    return error.sum(), error.new_tensor(error.numel())


def run(recipe: Recipe, held_out: Batch = HELD_OUT, **more: Any) -> Run:
    return train(FIRST, squares, lambda _: [LESSON], [held_out], recipe, **more)


def test_it_finds_what_there_is_to_find() -> None:
    made = run(Recipe(epochs=300, patience=300, rate=0.1, decay=0.0))
    assert np.allclose(made.weights["slope"], SLOPE, atol=0.01)


def test_the_same_input_gives_the_same_weights() -> None:
    once, twice = run(Recipe(epochs=5)), run(Recipe(epochs=5))
    assert np.array_equal(once.weights["slope"], twice.weights["slope"])
    assert once.losses == twice.losses


def test_it_stops_when_held_out_data_get_no_better_and_keeps_the_best() -> None:
    # What is held out says the opposite: the very first step already makes it worse.
    other: Batch = {"x": X[48:], "y": -(X[48:] @ SLOPE)}
    made = run(Recipe(epochs=100, patience=4, rate=0.1), other)
    assert len(made.losses) == made.best + 4
    least = min(loss for _, loss in made.losses)
    assert made.losses[made.best - 1][1] == least
    assert mean_loss(made.weights, squares, [other]) == pytest.approx(least)


def test_the_caller_hears_of_every_epoch() -> None:
    heard: list[Progress] = []
    made = run(Recipe(epochs=3), progress=heard.append)
    assert [(each.epoch, each.epochs) for each in heard] == [(1, 3), (2, 3), (3, 3)]
    assert tuple((each.loss, each.held_out) for each in heard) == made.losses


def test_the_weights_that_it_was_given_stay_as_they_were() -> None:
    run(Recipe(epochs=2))
    assert not FIRST["slope"].any()


def test_a_gradient_is_clipped() -> None:
    # AdamW's first step is as long as the rate, whatever the gradient's size, unless that was cut
    # to far below its epsilon.
    free = run(Recipe(epochs=1, rate=0.1, decay=0.0, warm=0.0))
    cut = run(Recipe(epochs=1, rate=0.1, decay=0.0, warm=0.0, clip=1e-12))
    assert np.abs(cut.weights["slope"]).max() < 0.01 * np.abs(free.weights["slope"]).max()


def test_a_loss_that_is_no_number_is_an_error() -> None:
    bad: Batch = {"x": np.full((2, 3), np.nan, np.float32), "y": X[:2, :1]}
    with pytest.raises(DataError, match="diverged in epoch 1"):
        run(Recipe(epochs=3), bad)


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heavy.torch().cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="no GPU"):
        run(Recipe(device="cuda"))
    assert run(Recipe(epochs=1)).device == "cpu"


def test_without_torch_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"pip install 'vedette\[ml\]'"):
        heavy.torch()


def test_the_rate_rises_then_falls() -> None:
    rates = [schedule(done, 0.1) for done in (0.0, 0.05, 0.1, 0.5, 1.0)]
    assert 0 < rates[0] < rates[1] < rates[2] == 1.0
    assert rates[2] > rates[3] > rates[4] > 0


@pytest.mark.parametrize(("most", "wanted"), [(heavy.SMALL, 1), (2, 3)])
def test_a_small_network_is_trained_on_one_thread_and_gives_the_others_back(
    most: int, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heavy, "SMALL", most)
    torch, seen = heavy.torch(), set[int]()
    before = torch.get_num_threads()
    torch.set_num_threads(3)

    def watched(weights: Any, batch: Any) -> tuple[Any, Any]:
        seen.add(torch.get_num_threads())
        return squares(weights, batch)

    try:
        train(FIRST, watched, lambda _: [LESSON], [HELD_OUT], Recipe(epochs=1))
        mean_loss(FIRST, watched, [HELD_OUT])
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == {wanted}
