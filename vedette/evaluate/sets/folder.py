"""Labelled sessions of one's own, to choose by what is combined: a folder for each set.

A set's folder holds three text files, or a folder with the three for each host or user that is
learned apart: `train.txt` the normals to learn from, `normal.txt` and `attack.txt` what is scored.
A line is a session, its events are words between spaces, and lines are in the order of time. What
is learned apart is measured together, by p-value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import InputError
from vedette.evaluate.files import lines, require
from vedette.evaluate.part import PublicSet, Trial
from vedette.evaluate.vocabulary import Words, numbered

FILES = ("train.txt", "normal.txt", "attack.txt")
BLOCK = 10
"""Neighbouring lines that stay together in folds."""
SHARE = 0.05
"""What attacks weigh of a set: how many were labelled says little of how rare they are."""


def load_all(folder: Path) -> list[PublicSet]:
    """The sets below `folder`, by name; `InputError` for fewer than two, and what is missing."""
    found = [load(each) for each in _folders(require(folder))]
    if len(found) < 2:
        raise InputError(
            "holds too few sets", file=str(folder), expected="a folder for each of two"
        )
    return found


def load(folder: Path) -> PublicSet:
    """The set in `folder`; `InputError` names a file that is missing or has no session."""
    apart = [folder] if any((folder / each).exists() for each in FILES) else _folders(folder)
    if not apart:
        raise InputError("holds no set", file=str(folder), expected=", ".join(FILES))
    return PublicSet(folder.name, _weighed([_trial(each) for each in apart]))


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir())


def _trial(folder: Path) -> Trial:
    train, normal, attack = (_sessions(folder / each) for each in FILES)
    test, families = [*normal, *attack], [""] * len(normal) + ["attack"] * len(attack)
    return numbered(folder.name, train, test, families, _blocks(train), _blocks(test))


def _sessions(path: Path) -> Words:
    found = [tuple(line.split()) for _, line in lines(path) if line.strip()]
    if not found:
        raise InputError("has no session", file=str(path), expected="a session a line")
    return found


def _blocks(sessions: Words) -> list[int]:
    return [at // BLOCK for at in range(len(sessions))]


def _weighed(trials: Sequence[Trial]) -> list[Trial]:
    """Normals weigh so that attacks are `SHARE` of all trials together."""
    labels = np.concatenate([each.test.labels for each in trials])
    weight = (1 / SHARE - 1) * float(labels.sum()) / float((~labels).sum())
    return [
        replace(each, test=replace(each.test, weights=np.where(each.test.labels, 1.0, weight)))
        for each in trials
    ]
