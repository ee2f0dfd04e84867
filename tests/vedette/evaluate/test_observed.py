"""A public set by its name, for `vedette models`."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.vedette.cli.command import vedette
from vedette.evaluate.observed import Observed
from vedette.evaluate.sets.registry import SETS, load


@pytest.mark.parametrize("name", [*SETS])
@pytest.mark.parametrize("width", [600.0, 420.0])
def test_each_session_is_a_window_of_its_own(name: str, width: float, made_up: Path) -> None:
    found: dict[bool, dict[tuple[str, float], list[object]]] = {}
    for learn in (True, False):
        windows = found[learn] = defaultdict(list)
        observed = Observed.load(name, made_up, width, learn=learn)
        for seen in observed.observations():
            assert seen.time % width == 0
            windows[seen.entity, seen.time].append(seen.fields["event.action"])
        parts = [t.train if learn else t.test for t in load(name, made_up).trials]
        sessions = [each for part in parts for each in part.sessions if each]
        assert [len(each) for each in windows.values()] == [len(each) for each in sessions]
        assert len(observed.attacks()) == sum(int(part.labels.sum()) for part in parts)
        assert observed.attacks() <= {*windows}
    learned, scored = ([time for _, time in found[learn]] for learn in (True, False))
    assert max(learned) < min(scored), "what is scored came later"


def test_a_model_learns_a_set_and_scores_what_it_labels(
    made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data = ("--data", str(made_up))
    fit = vedette("models", "fit", "blocks", "hdfs", "--detector", "new-value", *data)
    assert (fit.code, "in 150 windows" in fit.out) == (0, True)
    score = vedette("models", "score", "blocks", "hdfs", "--limit", "1", "--p", "0.02", *data)
    assert "p up to 0.02: 40 of 40 windows that are labelled attacks, 0 of 120 others" in score.err
    assert "lie in the time that was learned from" not in score.err
    drift = vedette("models", "drift", "blocks", "hdfs", *data)
    assert (drift.code, "160 windows are stranger" in drift.out) == (1, True)


def test_a_set_without_its_folder_is_refused(tmp_path: Path) -> None:
    answer = vedette("models", "fit", "blocks", "hdfs")
    assert answer.code == 3
    assert "--data: hdfs is a public set, and nothing says where it lies" in answer.err
