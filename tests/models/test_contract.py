"""Every detector keeps the contract of models/base.py. The registry says which there are."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np
import pytest

from models import libraries, registry, store
from models.base import Detector, Takes
from models.errors import DataError, StoreError
from tests.models import data

NAMES = list(registry.detectors())
IMPORTED: dict[str, set[str]] = {}
"""Of each detector the libraries that fitting it asked for."""
each_detector = pytest.mark.parametrize("name", NAMES)


@cache
def fitted(name: str) -> Detector[Any]:
    """A detector fitted once: no test here makes it learn more, and scoring changes nothing."""
    return fit(name)


def fit(name: str, what: Any = None) -> Detector[Any]:
    kind = registry.detector(name)
    model = kind(seed=7) if kind.seeded else kind()  # type: ignore[call-arg]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libraries, "import_module", lambda module: imported(name, module))
        return model.fit(data.MAKE[kind.takes](120) if what is None else what)


def imported(name: str, module: str) -> Any:
    IMPORTED.setdefault(name, set()).add(module.partition(".")[0])
    return import_module(module)


def takes(name: str) -> Takes:
    return registry.detector(name).takes


@each_detector
def test_scores_are_finite_and_one_for_each(name: str) -> None:
    others = data.MAKE[takes(name)](50, seed=1)
    scores = fitted(name).score(others)
    assert scores.shape == (50,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


@each_detector
def test_it_takes_what_its_class_says_it_does(name: str) -> None:
    kind = registry.detector(name)
    taken = signature(kind).parameters
    assert (kind.seeded, kind.budgeted) == ("seed" in taken, "budget" in taken)
    assert kind.daily is None or kind.daily in taken
    fitted(name)
    assert IMPORTED.get(name, set()) == {*kind.learns_with}


@each_detector
def test_what_is_strange_scores_higher_than_most_that_is_normal(name: str) -> None:
    normal = fitted(name).score(data.MAKE[takes(name)](100, seed=2))
    strange = fitted(name).score(data.strange(takes(name)))
    assert np.median(strange) > np.quantile(normal, 0.9)


@each_detector
def test_odd_input_gets_a_finite_score(name: str) -> None:
    assert np.isfinite(fitted(name).score(data.odd(takes(name)))).all()


@each_detector
def test_constant_training_data_give_finite_scores(name: str) -> None:
    model = fit(name, data.constant(takes(name)))
    assert np.isfinite(model.score(data.MAKE[takes(name)](10))).all()


@each_detector
def test_nothing_to_score_gives_no_scores(name: str) -> None:
    none = data.MAKE[takes(name)](1)[:0]
    assert fitted(name).score(none).shape == (0,)


@each_detector
def test_nothing_to_learn_from_is_refused(name: str) -> None:
    with pytest.raises(DataError):
        fit(name, data.MAKE[takes(name)](1)[:0])


@each_detector
def test_scoring_changes_nothing(name: str) -> None:
    others = data.MAKE[takes(name)](30, seed=5)
    before = fitted(name).score(others)
    fitted(name).score(data.strange(takes(name)))
    assert np.array_equal(fitted(name).score(others), before)


@each_detector
def test_the_same_seed_gives_the_same_scores(name: str) -> None:
    others = data.MAKE[takes(name)](30, seed=3)
    assert np.array_equal(fit(name).score(others), fitted(name).score(others))


@each_detector
def test_a_model_that_was_saved_and_loaded_scores_the_same(name: str, tmp_path: Any) -> None:
    model = fitted(name)
    others = [data.MAKE[takes(name)](30, seed=4), data.strange(takes(name))]
    first = store.save(model, tmp_path / "a")
    loaded = store.load(tmp_path / "a")
    assert store.save(loaded, tmp_path / "b") == first
    for each in others:
        assert np.array_equal(loaded.score(each), model.score(each))


@each_detector
def test_altered_arrays_are_refused(name: str, tmp_path: Any) -> None:
    store.save(fitted(name), tmp_path)
    path = tmp_path / store.ARRAYS
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(StoreError, match="not the file that the manifest describes"):
        store.load(tmp_path)


@each_detector
def test_reasons_are_few_and_in_words(name: str) -> None:
    reasons = fitted(name).explain(data.strange(takes(name)), 0)
    assert 1 <= len(reasons) <= 3
    for reason in reasons:
        assert reason.feature
        assert reason.text
        assert np.isfinite(reason.contribution)


@each_detector
def test_the_best_reasons_are_the_first_of_more(name: str) -> None:
    others = data.strange(takes(name))
    assert fitted(name).explain(others, 0, 1) == fitted(name).explain(others, 0, 6)[:1]


@each_detector
def test_a_detector_says_where_it_comes_from(name: str) -> None:
    kind = registry.detector(name)
    assert kind.source
    assert kind.__doc__
    assert kind.fit.__doc__


def test_names_are_unique_words() -> None:
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in NAMES)


def test_finding_the_detectors_imports_nothing_heavy() -> None:
    heavy = [
        "torch",
        "sklearn",
        "hdbscan",
        "statsmodels",
        "scipy",
        "sentence_transformers",
        "onnxruntime",
    ]
    said = subprocess.run(
        [sys.executable, "-c", "import sys; from models.registry import detectors; detectors(); "
         f"print([m for m in {heavy} if m in sys.modules])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "[]"
