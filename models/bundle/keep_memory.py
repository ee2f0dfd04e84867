"""The memory of a bundle on disk: `memory.npz`, and a folder for each detector without a fold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import store
from models.base import Detector, Json, State
from models.bundle.features import Features
from models.bundle.memory import Apart, Memory
from models.errors import StoreError
from models.feature.volume import Volume
from models.feature.windows import Window
from models.graph.edge import Graph, packed, unpacked

FOLDER = "memory"
ARRAYS = "memory.npz"

_Arrays = dict[str, NDArray[Any]]


def save(memory: Memory, root: Path) -> dict[str, Json]:
    """Write it below `root`; what `load` has to be told."""
    folder = root / FOLDER
    store.make(folder)
    prints = {
        name: [store.save(each, _place(folder, name, at)) for at, each in enumerate(detectors)]
        for name, detectors in memory.apart().items()
    }
    content = store.pack(_arrays(memory))
    store.write(folder / ARRAYS, content)
    facts: list[Json] = [dict(each.state().facts) for each in memory.scales]
    return {
        "sha256": store.sha256(content),
        "size": memory.size,
        "detectors": prints,
        **({"scales": facts} if facts else {}),
    }


def load(
    root: Path,
    told: Any,
    names: Sequence[str],
    events: int,
    width: float,
    features: Features | None = None,
) -> Memory:
    """What `save` wrote; `StoreError` if it is missing, altered or foreign.

    `names` are the bundle's detectors, `events` is how many kinds it knows, `width` that of its
    windows in seconds, `features` are those of the bundle. The detectors without a fold are read,
    and checked, when they are asked for.
    """
    folder = root / FOLDER
    if not isinstance(told, dict) or not isinstance(told.get("detectors"), dict):
        raise StoreError("does not say what it remembers", str(root))
    content = store.read(folder / ARRAYS)
    if store.sha256(content) != told.get("sha256"):
        raise StoreError("is not the file that the bundle describes", str(folder / ARRAYS))
    prints: dict[str, list[str]] = told["detectors"]

    def apart() -> Apart:
        return {name: _detectors(folder, name, each) for name, each in prints.items()}

    arrays = store.unpack(content, str(folder / ARRAYS))
    try:
        windows = _windows(arrays, width)
        scales = [] if features is None else _scales(arrays, told["scales"], features)
        folds, seen = arrays["folds"].astype(np.intp), index(arrays["seen"].item())
        size = index(told["size"])
    except StoreError as error:
        raise StoreError(error.message, str(folder)) from error
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise StoreError(f"does not hold together: {error}", str(folder)) from error
    known = all(0 <= event <= events for window in windows for event in window.events)
    if not known or folds.shape != (len(windows),) or not 0 < len(windows) <= min(seen, size):
        raise StoreError("remembers what its bundle cannot have seen", str(folder))
    apart_by = {name: len(each) for name, each in prints.items()}
    if features is not None and (len(scales) <= folds.max() or not _asked(windows, features)):
        raise StoreError("lacks what features look at", str(folder))
    if {*names} != {*apart_by} or (folds < 0).any() or min(apart_by.values()) <= folds.max():
        raise StoreError("lacks detectors of its folds", str(folder))
    return Memory(windows, folds, seen, size, apart, scales)


def _scales(arrays: _Arrays, told: Sequence[Any], features: Features) -> list[Features]:
    """What features are without each fold."""
    found = []
    for fold, facts in enumerate(told):
        start = f"scale/{fold}/"
        own = {name.removeprefix(start): array
               for name, array in arrays.items()
               if name.startswith(start)}  # fmt: skip
        found.append(features.like(State({}, facts, own)))
    return found


def _asked(windows: Sequence[Window], features: Features) -> bool:
    """Whether all events have a time, and what features ask of them."""
    count = len(features.asked)
    return all(
        len(each.times) == len(each.signals) == len(each)
        and all(len(signals) == count for signals in each.signals)
        for each in windows
    )


def _detectors(folder: Path, name: str, prints: Sequence[str]) -> list[Detector[Any]]:
    return [store.known(_place(folder, name, at), each, name) for at, each in enumerate(prints)]


def _place(folder: Path, name: str, fold: int) -> Path:
    return folder / f"{name}.{fold}"


def _arrays(memory: Memory) -> _Arrays:
    windows = memory.windows
    found: _Arrays = {
        "seen": np.array([memory.seen], dtype=np.int64),
        "folds": memory.folds.astype(np.int64),
        "starts": np.array([each.start for each in windows], dtype=np.float64),
        "over": np.array([each.over for each in windows], dtype=np.int64),
        **_flat("events", [each.events for each in windows]),
    }
    if any(each.edges for each in windows):
        edges = Counter(edge for each in windows for edge in each.edges)
        number = {edge: at for at, edge in enumerate(sorted(edges))}
        found |= {f"edge/{name}": array for name, array in packed(edges).items()}
        found |= _flat("edges", [[number[edge] for edge in each.edges] for each in windows])
    volumes = [each.volume for each in windows if each.volume is not None]
    if len(volumes) == len(windows):
        names = list(dict.fromkeys(str(each.entity) for each in volumes))
        place = {name: at for at, name in enumerate(names)}
        rows = [(place[str(each.entity)], each.number, each.events, each.quiet) for each in volumes]
        found["volumes"] = np.array(rows, dtype=np.int64).reshape(-1, 4)
        found["names"] = np.frombuffer(json.dumps(names).encode(), dtype=np.uint8).copy()
        found |= _flat("before", [each.before for each in volumes])
    if any(each.times for each in windows):
        found["times"] = np.array([time for each in windows for time in each.times])
        signals = [signal for each in windows for signal in each.signals]
        found["signals"] = np.array(signals, dtype=np.float64).reshape(len(signals), -1)
    for fold, scale in enumerate(memory.scales):
        found |= {f"scale/{fold}/{name}": array for name, array in scale.state().arrays.items()}
    return found


def _windows(arrays: _Arrays, width: float) -> list[Window]:
    starts, over = arrays["starts"].tolist(), arrays["over"].tolist()
    events = _nested(arrays, "events")
    edges: list[Graph] = [()] * len(starts)
    if "edges" in arrays:
        kinds = {name: arrays[f"edge/{name}"] for name in ("text", "ends", "counts")}
        known = sorted(unpacked(kinds))
        edges = [tuple(known[at] for at in each) for each in _nested(arrays, "edges")]
    volumes: list[Volume | None] = [None] * len(starts)
    if "volumes" in arrays:
        names = [str(each) for each in json.loads(arrays["names"].tobytes())]
        rows = zip(arrays["volumes"].tolist(), _nested(arrays, "before"), strict=True)
        volumes = [
            Volume(names[name], number, count, before, quiet)
            for (name, number, count, quiet), before in rows
        ]
    parts = zip(starts, events, edges, over, volumes, strict=True)
    found = [
        Window("", start, start + width, each, (), graph, more, volume)
        for start, each, graph, more, volume in parts
    ]
    return _with_signals(found, arrays) if "times" in arrays else found


def _with_signals(windows: Sequence[Window], arrays: _Arrays) -> list[Window]:
    """The windows with the times of their events, and what these say of themselves."""
    times, signals = arrays["times"].tolist(), [tuple(row) for row in arrays["signals"].tolist()]
    if not len(times) == len(signals) == sum(map(len, windows)):
        raise StoreError("has other times than events")
    bounds = pairwise(accumulate(map(len, windows), initial=0))
    return [
        replace(window, times=tuple(times[a:b]), signals=tuple(signals[a:b]))
        for window, (a, b) in zip(windows, bounds, strict=True)
    ]


def _flat(name: str, rows: Sequence[Iterable[int]]) -> _Arrays:
    """Rows of whole numbers as one array, with the length of each."""
    lists = [list(row) for row in rows]
    return {
        name: np.array([each for row in lists for each in row], dtype=np.int64),
        f"{name}/lengths": np.array([len(row) for row in lists], dtype=np.int64),
    }


def _nested(arrays: Mapping[str, NDArray[Any]], name: str) -> list[tuple[int, ...]]:
    """The rows that `_flat` made arrays of."""
    flat, ends = arrays[name].tolist(), accumulate(arrays[f"{name}/lengths"].tolist(), initial=0)
    bounds = list(ends)
    if bounds[-1] != len(flat) or sorted(bounds) != bounds:
        raise StoreError(f"has other {name} than it says")
    return [tuple(flat[a:b]) for a, b in pairwise(bounds)]
