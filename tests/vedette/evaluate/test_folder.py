"""Labelled sessions of one's own are read as they lie, and what lacks is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from vedette.evaluate.sets import folder


def write(place: Path, **sessions: str) -> None:
    """The files of one host."""
    place.mkdir(parents=True)
    for name, text in sessions.items():
        (place / f"{name}.txt").write_text(text, encoding="utf-8")


def test_hosts_are_learned_apart_and_attacks_weigh_a_twentieth_of_all(tmp_path: Path) -> None:
    write(tmp_path / "set" / "b", train="a b\n\na\n", normal="b a c\n", attack="c\n")
    write(tmp_path / "set" / "a", train="c\n" * 11, normal="c\n" * 3, attack="d\nd c\n")
    found = folder.load(tmp_path / "set")
    first, second = found.trials
    assert (found.name, first.name, second.name) == ("set", "a", "b")
    # Numbers are those of the host's own training, and 0 for what it never had.
    assert second.train.sessions == [(1, 2), (1,)]
    assert second.test.sessions == [(2, 1, 0), (0,)]
    assert first.test.sessions == [(1,)] * 3 + [(0,), (0, 1)]
    assert list(first.train.blocks) == [0] * 10 + [1]
    labels = np.concatenate([each.test.labels for each in found.trials])
    weights = np.concatenate([each.test.weights for each in found.trials])
    assert labels.tolist() == [False] * 3 + [True] * 2 + [False, True]
    assert weights[labels].sum() / weights.sum() == pytest.approx(0.05)
    assert set(weights[labels]) == {1.0}
    assert len(set(weights[~labels])) == 1


def test_one_set_is_no_choice(tmp_path: Path) -> None:
    write(tmp_path / "one", train="a\n", normal="a\n", attack="b\n")
    with pytest.raises(InputError, match="too few sets"):
        folder.load_all(tmp_path)
    write(tmp_path / "two", train="a\n", normal="a\n", attack="b\n")
    assert [each.name for each in folder.load_all(tmp_path)] == ["one", "two"]


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"train": "a\n", "attack": "b\n"}, "normal.txt"),
        ({"train": "a\n", "normal": " \n", "attack": "b\n"}, "has no session"),
        ({}, "holds no set"),
    ],
)
def test_what_lacks_is_named(tmp_path: Path, files: dict[str, str], what: str) -> None:
    write(tmp_path / "set", **files)
    with pytest.raises(InputError, match=what):
        folder.load(tmp_path / "set")
