"""Files of named arrays in the safetensors format: a length, a header in JSON, then the arrays.

The format is https://github.com/huggingface/safetensors; nothing in it can run. Every size is
checked before it is believed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.base import Arrays
from models.errors import StoreError

TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""The format's names of types, and NumPy's. NumPy has no bfloat16."""

_NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}
LARGEST = 4 << 30
LONGEST_HEADER = 16 << 20
"""Bytes that a file and its header may have."""


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in the file, read-only; `StoreError` says what is wrong with it."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise StoreError(f"has more than {LARGEST:,} bytes", str(path))
        content = np.memmap(path, np.uint8, "r") if size else np.zeros(0, np.uint8)
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror or error}", str(path)) from error
    try:
        return _arrays(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(f"is no safetensors file: {error}", str(path)) from error


def write(path: Path, arrays: Arrays) -> None:
    """Write `arrays`; the same arrays make the same bytes. `StoreError` if that fails."""
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    at = 0
    for name in sorted(arrays):
        part = np.ascontiguousarray(arrays[name])
        kind = _NAMES.get(part.dtype.newbyteorder("<"))
        if kind is None:
            raise StoreError(f"cannot hold {name!r} of type {part.dtype}", str(path))
        shape, end = list(arrays[name].shape), at + part.nbytes
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, end]}
        parts.append(part.astype(TYPES[kind], copy=False).tobytes())
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *parts]))
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", str(path)) from error


def _arrays(content: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    length = int.from_bytes(content[:8].tobytes(), "little")
    if len(content) < 8 or length > min(LONGEST_HEADER, len(content) - 8):
        raise ValueError("its header is longer than the file")
    header = json.loads(content[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    body = content[8 + length :]
    return {name: _array(name, entry, body) for name, entry in header.items()}


def _array(name: str, entry: Mapping[str, Any], body: NDArray[np.uint8]) -> NDArray[Any]:
    kind, shape = TYPES.get(entry["dtype"]), entry["shape"]
    start, end = entry["data_offsets"]
    if kind is None:
        raise ValueError(f"{name!r} has the type {entry['dtype']!r}")
    if not all(type(each) is int and each >= 0 for each in (*shape, start, end)):
        raise ValueError(f"{name!r} has a size that is no number")
    if not start <= end <= len(body):
        raise ValueError(f"{name!r} reaches beyond the file")
    if math.prod(shape) * np.dtype(kind).itemsize != end - start:
        raise ValueError(f"{name!r} is not as large as its shape says")
    return body[start:end].view(kind).reshape(shape) if end > start else np.zeros(shape, kind)
