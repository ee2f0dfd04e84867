"""The choice of detectors looks at made-up anomalies, and takes what helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vedette.evaluate import choose
from vedette.evaluate.part import Part, PublicSet, Trial
from vedette.evaluate.score import Scored

RNG = np.random.default_rng(5)
LABELS = np.arange(400) < 40


def says(strength: np.ndarray) -> Scored:  # type: ignore[type-arg]
    """A detector that finds the attacks where `strength` is above 0."""
    train = np.log(np.linspace(1 / 500, 1, 500))
    test = np.log(RNG.uniform(size=400)) - np.where(LABELS, strength, 0.0)
    return Scored(train, test, train, test, np.zeros(400, dtype=bool), 0.0, 0.0)


def test_detectors_that_see_different_attacks_are_chosen_and_one_that_sees_none_is_not() -> None:
    first, second = np.arange(400) < 20, np.arange(400) >= 20
    runs = {
        "first": [says(9.0 * first)],
        "second": [says(8.0 * second)],
        "none": [says(np.zeros(400))],
    }
    part = Part.of([(1,)] * 400, None, ["x" if label else "" for label in LABELS])
    public = PublicSet("made", [Trial("made", part, part)])
    names, mean = choose.chosen([(public, runs)], "harmonic")
    assert sorted(names) == ["first", "second"]
    assert mean > choose.area(public, runs, ["first"], "harmonic") + 0.1


def test_the_command_names_a_choice_for_every_rule(
    made_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    choose.main([str(made_up), "new-value", "count-vector"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*choose.RULES]
    assert all("count-vector" in line or "new-value" in line for line in lines)
