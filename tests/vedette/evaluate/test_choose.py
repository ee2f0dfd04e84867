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
    none, kept = np.zeros(400, dtype=bool), np.ones(500, dtype=bool)
    return Scored(train, test, train, test, none, kept, 0.0, 0.0)


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


def test_the_rule_for_a_set_does_not_depend_on_its_test() -> None:
    part = Part.of([(1,)] * 400, None, ["x" if label else "" for label in LABELS])
    public = PublicSet("made", [Trial("made", part, part)])
    loud, weak = {"a": [says(9.0 * LABELS)]}, {"a": [says(-9.0 * LABELS)]}
    made = [(public, {"a": [says(3.0 * LABELS)]})]
    tests = {"one": (public, loud), "other": (public, loud)}
    changed = {"one": (public, weak), "other": (public, loud)}
    assert choose.rule_without("one", ["a"], made, tests) == choose.rule_without(
        "one", ["a"], made, changed
    )
    before, after = (
        choose.rule_without("other", ["a"], made, each)[1] for each in (tests, changed)
    )
    assert before > after + 0.5


def test_the_command_names_a_choice_for_every_rule_and_a_rule_for_every_set(
    made_up: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "NAMES", ("hdfs", "openstack"))
    choose.main([str(made_up), "new-value", "count-vector"])
    lines = capsys.readouterr().out.splitlines()
    chosen, rules = lines[: len(choose.RULES)], lines[len(choose.RULES) :]
    assert [line.split()[0] for line in chosen] == [*choose.RULES]
    assert all("count-vector" in line or "new-value" in line for line in chosen)
    assert [line.split()[1] for line in rules] == ["hdfs", "openstack"]
    assert all(line.split()[-1] in choose.RULES for line in rules)
