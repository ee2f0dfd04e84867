"""A bundle on disk: a folder with `bundle.json`, `bundle.npz` and a folder for each detector.

`bundle.json` holds the SHA-256 of all the others, so that its own (`fingerprint`) stands for the
whole. What is missing, altered or of another make is refused; nothing is ever unpickled.

The first revision lies beside it, each later one in a folder of its own, which `bundle.json` names:
it is written last, so that whoever reads finds the old bundle or the new, whether that was fitted
anew or learned on. The files of the one before stay until the next comes, for those who are reading
them (`revisions.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import store
from models.base import Floats, Json, State, matrix
from models.bundle import keep_memory, revisions
from models.bundle.bundle import Bundle
from models.bundle.counted import Counted
from models.bundle.featured import Featured
from models.bundle.features import Features
from models.bundle.part import Part
from models.bundle.plan import Plan
from models.calibrate.calibrator import Calibrator
from models.calibrate.groups import GroupedCalibrator
from models.combine.fusion import Fusion
from models.combine.validator import Validator
from models.errors import ModelError, StoreError
from models.template.event import EventTemplates

FORMAT = 1
TOLD = revisions.TOLD
ARRAYS = "bundle.npz"

_Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A bundle that was read, with what is written down of its training, and its fingerprint."""

    bundle: Bundle
    told: Mapping[str, Any]
    """What `bundle.json` says."""
    sha256: str


def save(bundle: Bundle, folder: Path, training: Mapping[str, Json] | None = None) -> str:
    """Write `bundle` into `folder` (made if need be) and return its fingerprint.

    One that lies there is whole until this takes its place, in one step; where it cannot be
    written (`StoreError`), nothing of it stays. Who may write at the same time calls it under
    `revisions.alone`.
    """
    store.make(folder)
    before = _at(folder)
    root = revisions.room(folder, before)
    name = revisions.name_of(folder, root)
    try:
        text = _written(bundle, root, name, training)
        revisions.flush(root)
        store.write(folder / TOLD, text)
        revisions.sync(folder)
        return store.sha256(text)
    finally:
        with suppress(StoreError):  # what could not be deleted goes with the next one
            if _at(folder) == name:
                revisions.sweep(folder, {name} if before is None else {before, name})
            else:
                revisions.drop(folder, root)


def _at(folder: Path) -> str | None:
    """The revision that holds in `folder`; None where there is none, or none that can be read."""
    try:
        at = read(folder).get("at", "")
        return revisions.name_of(folder, revisions.named(folder, at))
    except StoreError:
        return None


def _written(bundle: Bundle, root: Path, at: str, training: Mapping[str, Json] | None) -> bytes:
    """Write all of `bundle` into `root` but `bundle.json`, and what that is to say."""
    prints = {
        name: store.save(part.detector, root / name, part.training)
        for name, part in bundle.parts.items()
    }
    templates, fusion = bundle.templates.state(), bundle.fusion.state()
    calibrations = {name: part.calibrator.state() for name, part in bundle.parts.items()}
    arrays: _Arrays = {"normal": bundle.normal}
    if bundle.learned != len(bundle.normal):
        arrays["learned"] = np.array([bundle.learned], dtype=np.int64)
    if bundle.reference is not None:
        arrays["reference"] = bundle.reference
    if bundle.usual is not None:
        arrays["usual"] = bundle.usual
    _put(arrays, "templates", templates)
    _put(arrays, "fusion", fusion)
    for name, state in calibrations.items():
        _put(arrays, f"calibration/{name}", state)
    second = None if bundle.validator is None else bundle.validator.state()
    if second is not None:
        _put(arrays, "validator", second)
    weekly = None if bundle.weekly is None else bundle.weekly.state()
    if weekly is not None:
        _put(arrays, "week", weekly)
    features = None if bundle.features is None else bundle.features.state()
    if features is not None:
        _put(arrays, "features", features)
    packed = store.pack(arrays)
    counted = {
        name: part.asked.events
        for name, part in bundle.parts.items()
        if isinstance(part.asked, Counted | Featured) and part.asked.events != len(bundle.templates)
    }
    told = {
        "format": FORMAT,
        **({"at": at} if at else {}),
        "plan": bundle.plan.as_json(),
        "training": dict(training or {}),
        "templates": {"parameters": dict(templates.parameters), "facts": dict(templates.facts)},
        "fusion": {"parameters": dict(fusion.parameters), "facts": dict(fusion.facts)},
        "calibrations": {name: dict(state.parameters) for name, state in calibrations.items()},
        **({} if second is None else {"validator": dict(second.parameters)}),
        **(
            {}
            if weekly is None
            else {"week": {"parameters": dict(weekly.parameters), "facts": dict(weekly.facts)}}
        ),
        **({} if features is None else {"features": dict(features.facts)}),
        **({"counted": counted} if counted else {}),
        **({} if bundle.memory is None else {"memory": keep_memory.save(bundle.memory, root)}),
        "detectors": prints,
        "files": {ARRAYS: store.sha256(packed)},
    }
    store.write(root / ARRAYS, packed)
    return json.dumps(told, indent=1, allow_nan=False).encode()


def load(folder: Path) -> Bundle:
    """The bundle in `folder`; `StoreError` if anything of it is missing, altered or foreign."""
    return kept(folder).bundle


def kept(folder: Path) -> Kept:
    """The bundle in `folder`, as `load`, with what is written down of it."""
    while True:
        text = store.read(folder / TOLD)
        told = _parsed(text, folder / TOLD)
        try:
            return Kept(_loaded(folder, told), told, store.sha256(text))
        except StoreError:
            # Two others that came while this one was read have taken its files away.
            if store.read(folder / TOLD) == text:
                raise


def _loaded(folder: Path, told: Mapping[str, Any]) -> Bundle:
    root = revisions.named(folder, told.get("at", ""))
    packed = store.read(root / ARRAYS)
    if store.sha256(packed) != told["files"].get(ARRAYS):
        raise StoreError("is not the file that the bundle describes", str(root / ARRAYS))
    arrays = store.unpack(packed, str(root / ARRAYS))
    try:
        return _restored(root, told, arrays)
    except StoreError as error:
        raise error if error.file else StoreError(error.message, str(folder)) from error
    except (ModelError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"does not hold together: {error}", str(folder)) from error


def read(folder: Path) -> dict[str, Any]:
    """What `bundle.json` in `folder` says, its outer shape checked."""
    return _parsed(store.read(folder / TOLD), folder / TOLD)


def _parsed(text: bytes, path: Path) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoreError("is no JSON", str(path)) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise StoreError(f"is no bundle of format {FORMAT}", str(path))
    for key in ("plan", "training", "templates", "fusion", "calibrations", "detectors", "files"):
        if not isinstance(told.get(key), dict):
            raise StoreError(f"lacks {key!r}", str(path))
    return told


def fingerprint(folder: Path) -> str:
    """The SHA-256 that stands for the whole bundle."""
    return store.sha256(store.read(folder / TOLD))


def _restored(folder: Path, told: Mapping[str, Any], arrays: _Arrays) -> Bundle:
    plan = Plan.of(told["plan"])
    templates = EventTemplates.restore(_state(told["templates"], arrays, "templates"))
    fusion = Fusion.restore(_state(told["fusion"], arrays, "fusion"))
    parts, texts = {}, templates.texts()
    features = None
    if plan.features:
        chosen = _state({"parameters": {}, "facts": told["features"]}, arrays, "features")
        features = Features.restore(chosen, plan.features, texts, plan.offset)
    usual = _usual(arrays, len(texts) + 1 if features is None else features.width)
    for name in plan.detectors:
        calibration = {"parameters": told["calibrations"][name], "facts": {}}
        detector = store.known(folder / name, told["detectors"][name], name)
        # One of counts that stayed as it was when others learned on knows fewer kinds.
        events = index(told.get("counted", {}).get(name, len(texts)))
        if not 0 < events <= len(texts):
            raise StoreError("counts kinds of events that its templates do not have")
        parts[name] = Part.known(
            detector,
            texts[:events],
            Calibrator.restore(_state(calibration, arrays, f"calibration/{name}")),
            usual,
            features,
            store.manifest(folder / name)["training"],
        )
    normal = np.asarray(arrays["normal"], dtype=np.float64)
    # An index: a number that is not whole is refused.
    learned = index(arrays["learned"].item()) if "learned" in arrays else len(normal)
    validator = None
    if plan.validator:
        second = {"parameters": told["validator"], "facts": {}}
        validator = Validator.restore(_state(second, arrays, "validator"))
    weekly = None
    if plan.week is not None:
        weekly = GroupedCalibrator.restore(_state(told["week"], arrays, "week"))
    memory = None
    if "memory" in told:
        memory = keep_memory.load(
            folder, told["memory"], [*plan.detectors], len(texts), plan.width, features
        )
    return Bundle(
        plan, templates, parts, fusion, normal, learned, usual, _reference(arrays, len(texts)),
        validator, weekly, features, memory,
    )  # fmt: skip


def _usual(arrays: _Arrays, columns: int) -> Floats | None:
    """The rows of ordinary windows; a bundle without detectors of vectors has none."""
    if "usual" not in arrays:
        return None
    rows = matrix(arrays["usual"], columns)
    if not len(rows):
        raise StoreError("has no ordinary windows to hold others against")
    return rows


def _reference(arrays: _Arrays, events: int) -> NDArray[np.int64] | None:
    """Events of training to tell drift by; bundles of earlier versions have none."""
    if "reference" not in arrays:
        return None
    found = arrays["reference"]
    if found.ndim != 1 or found.dtype != np.int64 or not ((found >= 0) & (found <= events)).all():
        raise StoreError("holds events that its templates do not have")
    return found


def _put(arrays: _Arrays, prefix: str, state: State) -> None:
    arrays.update({f"{prefix}/{name}": array for name, array in state.arrays.items()})


def _state(told: Mapping[str, Any], arrays: _Arrays, prefix: str) -> State:
    own = {
        name.removeprefix(f"{prefix}/"): array
        for name, array in arrays.items()
        if name.startswith(f"{prefix}/")
    }
    return State(told["parameters"], told["facts"], own)
