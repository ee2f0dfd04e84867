"""Stored models: what is missing, altered, foreign or hostile is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models import store
from models.baseline.count_vector import CountVector
from models.errors import StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store.save(CountVector().fit([(1, 2), (1, 3)]), tmp_path, {"data": "made up"})
    return tmp_path


def change(folder: Path, **keys: object) -> None:
    path = folder / store.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def test_the_manifest_says_how_it_was_trained(folder: Path) -> None:
    assert store.manifest(folder)["training"] == {"data": "made up"}


def test_the_fingerprint_is_the_one_that_saving_gave(folder: Path) -> None:
    again = store.save(store.load(folder), folder / "again", {"data": "made up"})
    assert store.fingerprint(folder) == again


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none.*cannot be read"):
        store.load(tmp_path / "none")


def test_a_detector_that_is_not_known_is_named(folder: Path) -> None:
    change(folder, detector="os.system")
    with pytest.raises(StoreError, match=r"os\.system"):
        store.load(folder)


@pytest.mark.parametrize("key", ["parameters", "facts", "training", "files", "detector"])
def test_a_manifest_that_lacks_a_key_is_refused(folder: Path, key: str) -> None:
    change(folder, **{key: None})
    with pytest.raises(StoreError, match=key):
        store.load(folder)


def test_a_parameter_that_there_is_not_is_refused(folder: Path) -> None:
    change(folder, parameters={"command": "rm"})
    with pytest.raises(StoreError, match="does not hold together"):
        store.load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    change(folder, format=99)
    with pytest.raises(StoreError, match="format 1"):
        store.load(folder)


def test_arrays_of_objects_are_never_unpickled(folder: Path) -> None:
    path = folder / store.ARRAYS
    np.savez(path, known=np.array([{"a": 1}], dtype=object))
    change(folder, files={store.ARRAYS: store.sha256(path.read_bytes())})
    with pytest.raises(StoreError, match="cannot be read"):
        store.load(folder)


def test_equal_arrays_are_equal_bytes() -> None:
    arrays = {"b": np.arange(3), "a": np.eye(2)}
    assert store.pack(arrays) == store.pack(dict(reversed(arrays.items())))
