"""A fitted detector on disk: a folder with `manifest.json` and `arrays.npz`. No pickle, ever.

The manifest names the detector, its parameters and what it learned, says how it was trained, and
holds the SHA-256 of the arrays. Whoever can write the folder can write the manifest too; the hash
finds damage and mix-ups. `fingerprint` is what alerts name and what a list of trusted models holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Arrays, Detector, Json, State
from models.errors import ModelError, StoreError
from models.registry import detector

FORMAT = 1
MANIFEST = "manifest.json"
ARRAYS = "arrays.npz"
LARGEST = 1 << 30
"""Bytes that one file of a model, and one array when unpacked, may have."""


def save(model: Detector[Any], folder: Path, training: Mapping[str, Json] | None = None) -> str:
    """Write `model` into `folder` (made if need be) and return its fingerprint.

    `training` says how it was trained: hash of the data, code version, metrics.
    """
    state = model.state()
    packed = pack(state.arrays)
    manifest = {
        "format": FORMAT,
        "detector": model.name,
        "parameters": dict(state.parameters),
        "facts": dict(state.facts),
        "training": dict(training or {}),
        "files": {ARRAYS: sha256(packed)},
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False).encode()
    make(folder)
    # The manifest comes last: a folder without one is no model, and one with it is whole.
    (folder / MANIFEST).unlink(missing_ok=True)
    write(folder / ARRAYS, packed)
    write(folder / MANIFEST, text)
    return sha256(text)


def load(folder: Path) -> Detector[Any]:
    """The model in `folder`; `StoreError` if it is missing, altered or foreign."""
    told = manifest(folder)
    packed = read(folder / ARRAYS)
    if sha256(packed) != told["files"].get(ARRAYS):
        raise StoreError("is not the file that the manifest describes", str(folder / ARRAYS))
    arrays = unpack(packed, str(folder / ARRAYS))
    try:
        return detector(told["detector"]).restore(State(told["parameters"], told["facts"], arrays))
    except StoreError:
        raise
    except (ModelError, KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError(f"does not hold together: {error}", str(folder)) from error


def known(folder: Path, print_: str, name: str) -> Detector[Any]:
    """The model in `folder`, if its fingerprint and its detector's name are these; `StoreError`."""
    if fingerprint(folder) != print_:
        raise StoreError("is not the detector that the bundle describes", str(folder))
    found = load(folder)
    if found.name != name:
        raise StoreError(f"is a {found.name}, not a {name}", str(folder))
    return found


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest in `folder`, its outer shape checked."""
    path = folder / MANIFEST
    text = read(path)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoreError("is no JSON", str(path)) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise StoreError(f"is no manifest of format {FORMAT}", str(path))
    for key in ("parameters", "facts", "training", "files"):
        if not isinstance(told.get(key), dict):
            raise StoreError(f"lacks {key!r}", str(path))
    if not isinstance(told.get("detector"), str):
        raise StoreError("lacks 'detector'", str(path))
    return told


def fingerprint(folder: Path) -> str:
    """The SHA-256 of the manifest, which holds that of the arrays."""
    return sha256(read(folder / MANIFEST))


def pack(arrays: Arrays) -> bytes:
    """`arrays` as the bytes of an npz file, the same for the same arrays."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            entry = BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            # A fixed date: the time of writing would change the hash of equal arrays.
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.getvalue())
    return out.getvalue()


def unpack(packed: bytes, file: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays in the bytes of an npz file; `StoreError` names `file`."""
    try:
        with zipfile.ZipFile(BytesIO(packed)) as archive:
            for info in archive.infolist():
                if info.file_size > LARGEST:
                    raise StoreError(f"array {info.filename!r} is too large", file)
            return {
                info.filename.removesuffix(".npy"): np.lib.format.read_array(
                    BytesIO(archive.read(info)), allow_pickle=False
                )
                for info in archive.infolist()
            }
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"cannot be read: {error}", file) from error


def sha256(content: bytes) -> str:
    """The SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> bytes:
    """The bytes of a file of a model; `StoreError` if it cannot be read."""
    try:
        if path.stat().st_size > LARGEST:
            raise StoreError(f"has more than {LARGEST:,} bytes", str(path))
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror or error}", str(path)) from error


def make(folder: Path) -> None:
    """Make a folder of a model, where it is not there; `StoreError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot be made: {error.strerror or error}", str(folder)) from error


def write(path: Path, content: bytes) -> None:
    """Write a file of a model, whole or not at all, also where the power fails."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror or error}", str(path)) from error
