"""HDFS: sessions of blocks of a file system, as numbers of events (logdeep's files).

`hdfs_train` holds the training sessions, `hdfs_test_abnormal` the anomalies. Of the original's
553,366 normal test sessions only those of the two `robust_log` files are here, 7,000 in all, so
each weighs 79.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import InputError
from models.base import Session
from vedette.evaluate.files import lines, numbers, rows
from vedette.evaluate.part import Part, PublicSet, Trial

FOLDER = "logs/hdfs"
NORMAL_TESTS = 553_366
"""Normal test sessions of the original, for which those that are here stand."""


def load(data: Path) -> PublicSet:
    """The set below the folder `data`; `InputError` names what is missing or wrong."""
    folder = data / FOLDER
    train = _sessions(folder / "hdfs_train")
    strange = _sessions(folder / "hdfs_test_abnormal")
    normal = [
        session
        for name in ("robust_log_train.csv", "robust_log_valid.csv")
        for session in _normal(folder / name)
    ]
    if not (train and strange and normal):
        raise InputError("a file of it is empty", file=str(folder))
    test = Part.of([*normal, *strange], None, [""] * len(normal) + ["anomaly"] * len(strange))
    weight = np.where(test.labels, 1.0, NORMAL_TESTS / len(normal))
    trial = Trial("hdfs", Part.of(train), replace(test, weights=weight))
    return PublicSet("hdfs", [trial], [_weighs(len(normal))])


def _weighs(count: int) -> str:
    return f"{count:,} normal test sessions stand for {NORMAL_TESTS:,}: each weighs " + (
        f"{NORMAL_TESTS / count:.1f}"
    )


def _sessions(path: Path) -> list[Session]:
    return [numbers(line, path, at) for at, line in lines(path) if line.strip()]


def _normal(path: Path) -> list[Session]:
    return [
        numbers(sequence, path, at)
        for at, (sequence, label) in rows(path, ("Sequence", "label"))
        if label == "0"
    ]
