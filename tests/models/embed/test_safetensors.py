"""Safetensors files: what the library writes we read, what we write it reads; nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import numpy as library

from models.embed import safetensors
from models.errors import StoreError

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "f4": np.arange(12, dtype=np.float32).reshape(3, 4),
    "f2": np.ones((2, 1, 2), np.float16),
    "i8": np.array([-1, 5]),
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 3), np.float32),
    "turned": np.arange(6.0).reshape(2, 3).T,
}


def same(found: dict[str, Any]) -> bool:
    return found.keys() == ARRAYS.keys() and all(
        found[name].dtype == each.dtype and np.array_equal(found[name], each)
        for name, each in ARRAYS.items()
    )


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    library.save_file({k: np.ascontiguousarray(v) for k, v in ARRAYS.items()}, tmp_path / "a")
    found = safetensors.read(tmp_path / "a")
    assert found.pop("scalar") == 3.5
    assert all(np.array_equal(each, ARRAYS[name]) for name, each in found.items())


def test_what_is_written_the_library_reads_and_we_do(tmp_path: Path) -> None:
    safetensors.write(tmp_path / "a", ARRAYS)
    assert same(library.load_file(tmp_path / "a"))
    assert same(safetensors.read(tmp_path / "a"))


def header(**entry: Any) -> bytes:
    told = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **entry}
    text = json.dumps({"a": told}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (2**63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (9).to_bytes(8, "little") + b'{"a": 17}',
        (4).to_bytes(8, "little") + b"{nop",
        (20_000).to_bytes(8, "little") + b"[" * 20_000,
        header(shape=[3]),
        header(shape=[-1, -2]),
        header(shape=[True, 2]),
        header(shape="2"),
        header(data_offsets=[0, 16], shape=[4]),
        header(data_offsets=[8, 0]),
        header(data_offsets=[0]),
        header(dtype="BF16"),
        header(dtype=["F32"]),
    ],
    ids=range(16),
)
def test_a_file_whose_sizes_do_not_fit_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(StoreError, match="is no safetensors file"):
        safetensors.read(tmp_path / "a")


def test_a_missing_file_and_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        safetensors.read(tmp_path / "none")
    with pytest.raises(StoreError, match="cannot hold 'a'"):
        safetensors.write(tmp_path / "a", {"a": np.array([None])})
