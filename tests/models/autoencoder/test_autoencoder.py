from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from models import registry
from models.autoencoder.base import Autoencoder
from models.base import State
from models.errors import DataError, ModelError, StoreError
from models.train import heavy
from tests.models.data import vectors

NAMES = ["denoising-autoencoder", "sparse-autoencoder", "variational-autoencoder"]
each_one = pytest.mark.parametrize("name", NAMES)


@cache
def fitted(name: str) -> Autoencoder:
    model = registry.detector(name)(seed=3).fit(vectors(300)[:150])  # type: ignore[call-arg]
    assert isinstance(model, Autoencoder)
    return model


@each_one
def test_numpy_and_torch_agree(name: str) -> None:
    torch, model = heavy.torch(), fitted(name)
    x = model._scaled(vectors(300)[150:]).astype(np.float32)
    weights = {key: torch.tensor(each) for key, each in model._weights.items()}
    again, code = model.made(torch, weights, torch.tensor(x))
    theirs = (torch.tensor(x) - again).square().mean(-1).numpy() + model.penalty(code.numpy())
    assert np.abs(model.score(vectors(300)[150:]) - theirs).max() < 1e-3


@each_one
def test_columns_that_go_together_are_made_from_one_another(name: str) -> None:
    normal = vectors(300)[150:]
    rng = np.random.default_rng(0)
    # Each column as it is, but without what ties them together.
    torn = np.stack([rng.permutation(column) for column in normal.T], axis=1)
    assert np.median(fitted(name).score(torn)) > 2 * np.median(fitted(name).score(normal))


@each_one
def test_the_explanation_names_the_column_that_does_not_go_with_the_others(name: str) -> None:
    row = vectors(300)[150:151]
    row[0, 4] += 5
    reasons = {reason.feature: reason for reason in fitted(name).explain(row, 0, most=2)}
    told = reasons["column 4"]
    assert told.text.startswith(f"column 4 is {row[0, 4]:.4g}; ")
    assert 0 < told.contribution <= fitted(name).score(row)[0]


def test_an_unlikely_code_adds_to_the_score() -> None:
    far, near = fitted("variational-autoencoder").penalty(np.array([10.0, 0.0]))
    assert far > near == 0


@each_one
def test_other_columns_than_in_training_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="expected 6 columns"):
        fitted(name).score(np.ones((2, 5)))


@each_one
def test_what_is_not_fitted_cannot_score(name: str) -> None:
    with pytest.raises(ModelError, match="not fitted"):
        registry.detector(name)().score(np.ones((2, 5)))


@each_one
def test_weights_of_another_shape_are_refused(name: str) -> None:
    state = fitted(name).state()
    arrays: dict[str, Any] = {**state.arrays, "out": np.ones((2, 2))}
    with pytest.raises(StoreError, match="'out'"):
        type(fitted(name)).restore(State(state.parameters, state.facts, arrays))
