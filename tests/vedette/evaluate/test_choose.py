"""The choice of detectors looks at made-up anomalies, and takes what helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import registry
from vedette.evaluate import choose
from vedette.evaluate.choose import Made
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


PART = Part.of([(1,)] * 400, None, ["x" if label else "" for label in LABELS])
PUBLIC = PublicSet("made", [Trial("made", PART, PART)])


def made(name: str, **strengths: np.ndarray) -> Made:  # type: ignore[type-arg]
    """A set on which each detector finds what its strength says."""
    return Made(name, PUBLIC, {each: [says(strength)] for each, strength in strengths.items()})


def test_detectors_that_see_different_attacks_are_chosen_and_one_that_sees_none_is_not() -> None:
    first, second = np.arange(400) < 20, np.arange(400) >= 20
    one = made("one", first=9.0 * first, second=8.0 * second, none=np.zeros(400))
    names, best = choose.chosen([one], "harmonic")
    assert sorted(names) == ["first", "second"]
    assert best > choose.worth(one, ["first"], "harmonic") + 0.1


def test_a_threshold_that_alerts_on_normals_costs_though_the_order_is_the_same() -> None:
    kept = made("hdfs", a=9.0 * LABELS)
    (run,) = kept.runs["a"]
    # Everything is stranger by the same, so that far more normals than asked for are alerts.
    shifted = run.test - 4
    loud = Made("hdfs", PUBLIC, {"a": [Scored(
        run.train, shifted, run.middle_train, shifted, run.extrapolated, run.settled, 0.0, 0.0,
    )]})  # fmt: skip
    assert 0.9 < choose.worth(kept, ["a"], "fisher") <= 1
    assert choose.worth(loud, ["a"], "fisher") < choose.worth(kept, ["a"], "fisher") - 0.2


def test_what_is_chosen_for_a_set_does_not_depend_on_it() -> None:
    good, bad = 9.0 * LABELS, -9.0 * LABELS
    sets = [made("one", a=good, b=bad), made("two", a=good, b=bad)]
    before = choose.left_out([*sets, made("three", a=good, b=bad)], "fisher")
    after = choose.left_out([*sets, made("three", a=bad, b=good)], "fisher")
    assert before["three"][0] == after["three"][0] == ["a"]
    assert after["three"][1] < before["three"][1] - 0.3
    assert list(after) == ["one", "two", "three"]


def test_what_takes_no_part_are_detectors_that_there_are() -> None:
    assert set(registry.detectors()) > choose.SLOW


def test_the_command_names_a_choice_for_every_rule_and_each_set_left_out(
    made_up: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "NAMES", ("hdfs", "openstack"))
    monkeypatch.setattr(choose, "RULES", ("fisher", "minimum"))
    choose.main([str(made_up), "new-value", "count-vector"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        each for rule in ("fisher", "minimum") for each in (rule, "on", "hdfs", "openstack")
    ]
    own = [float(line.split()[1]) for line in lines if line.startswith("    ")]
    mean = [float(line.split()[-1]) for line in lines if line.startswith("  on sets left out")]
    assert mean == pytest.approx([np.mean(own[:2]), np.mean(own[2:])], abs=1e-4)
    assert all("count-vector" in line or "new-value" in line for line in lines[::4])


def test_sessions_of_ones_own_choose_by_their_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Attacks are known calls in a wrong order, which only one of the two detectors tells.
    usual = [f"open read {'read ' * (at % 7)}close" for at in range(120)]
    for name in ("a", "b/one", "b/two"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "train.txt").write_text("\n".join(usual))
        (folder / "normal.txt").write_text("\n".join(usual[:60]))
        (folder / "attack.txt").write_text("close read open\n" * 5)
    monkeypatch.setattr(choose, "RULES", ("fisher",))
    choose.main(["--by", str(tmp_path), "new-value", "markov"])
    whole, mean, *others = capsys.readouterr().out.splitlines()
    assert whole.split()[0] == "fisher"
    assert whole.split()[2:] == ["markov"]
    assert mean.startswith("  on sets left out")
    assert [line.split()[0] for line in others] == ["a", "b"]
    assert all(float(line.split()[1]) > 0.9 for line in others)
