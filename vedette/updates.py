"""A model that learns on: what its bundle makes of newer events, and what is written down of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.score.model import Model
from models.bundle import keep, revisions
from models.bundle.bundle import Bundle
from models.bundle.update import Change, Updated, memory_of
from models.bundle.update import update as learn_on
from models.errors import ModelError
from vedette import __version__
from vedette.bundles import Gathered, folder_of, following, found_at, iso

MOST = 20
"""Updates that a model tells of, the last ones."""


def check(model: Model) -> None:
    """`InputError` where `model` cannot learn on, whatever the events."""
    try:
        memory_of(model.bundle)
    except ModelError as error:
        raise InputError(
            f"the model {model.name} {error.message}",
            field="NAME",
            expected=f"one that `vedette models fit {model.name} SOURCE…` fits anew, from the old "
            "events",
        ) from error
    try:
        model.bundle.plan.require_libraries()
    except ModelError as error:
        raise InputError(error.message) from error


def update(
    bundle: Bundle,
    gathered: Gathered,
    told: Callable[[str], None] = lambda _: None,
    *,
    anyway: bool = False,
) -> Updated:
    """What `bundle` is after it learned the events too; `InputError` where it cannot.

    Clusters of texts keep their numbers.
    """
    try:
        done = learn_on(bundle, gathered.observations, told, anyway=anyway, code=__version__)
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error
    following(done.bundle, bundle)
    return done


def write(
    done: Updated,
    gathered: Gathered,
    state: Path,
    model: Model,
    clock: Callable[[], datetime],
) -> tuple[int, str]:
    """Put the updated bundle in the place of `model`; its revision and fingerprint.

    One that comes with Vedette has its place in the `state` directory then. `InputError` where
    another one lies there by now, or is being written: what it learned would be lost.
    """
    training, folder = model.training, folder_of(state, model.name)
    revision = int(training.get("revision", 1)) + 1
    told = _grown(done, gathered, training, revision, clock().isoformat())
    try:
        with revisions.alone(folder):
            if keep.fingerprint(found_at(state, model.name)) != model.sha256:
                raise InputError(
                    "was fitted anew or learned on meanwhile, and stays as that left it",
                    file=str(folder), expected="the same update once more",
                )  # fmt: skip
            return revision, keep.save(done.bundle, folder, told)
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error


def change(each: Change) -> dict[str, Any]:
    """A change as JSON holds it."""
    return {
        "detector": each.name,
        **({"how": each.how} if each.how else {}),
        "before": round(each.before, 6),
        "after": round(each.after, 6),
        "kept": each.kept,
    }


def _grown(
    done: Updated, gathered: Gathered, training: Mapping[str, Any], revision: int, now: str
) -> dict[str, Any]:
    """What is written down of a model, with what an update adds to it."""
    times = [seen.time for seen in gathered.observations]
    first, last, data = iso(min(times)), iso(max(times)), gathered.sha256()
    both = hashlib.sha256(f"{training.get('data_sha256', '')}{data}".encode()).hexdigest()
    entities = len({seen.entity for seen in gathered.observations})
    own = {
        "revision": revision,
        "events": len(times),
        "windows": done.windows,
        "from": first,
        "to": last,
        "data_sha256": data,
        "code_version": __version__,
        "updated": now,
        "new_kinds": done.kinds,
        "before": round(done.whole.before, 6),
        "after": round(done.whole.after, 6),
        "left_as_they_were": [each.name for each in done.changes if not each.kept],
    }
    known = [[training["from"], training["to"]]] if {"from", "to"} <= {*training} else []
    spans = _merged([*training.get("spans", known), [first, last]], done.bundle.plan.width)
    return {
        **training,
        "events": int(training.get("events", 0)) + len(times),
        "windows": done.bundle.learned,
        # Who they are is not kept, so that those of before and of now cannot be told apart.
        **_sampled(training, done.windows),
        "entities": max(int(training.get("entities", 0)), entities),
        "templates": len(done.bundle.templates),
        "from": spans[0][0],
        "to": spans[-1][1],
        "spans": spans,
        "data_sha256": both,
        "code_version": __version__,
        "revision": revision,
        "updates": [*training.get("updates", []), own][-MOST:],
    }


def _sampled(training: Mapping[str, Any], windows: int) -> dict[str, Any]:
    """What a sample of the first windows was drawn of, and the new ones, which all count."""
    told = training.get("sampled")
    return {"sampled": {**told, "of": int(told["of"]) + windows}} if told else {}


def _merged(spans: list[list[str]], gap: float) -> list[list[str]]:
    """Spans of time in their order, those that overlap or nearly meet as one."""
    found: list[list[datetime]] = []
    for start, end in sorted([*map(datetime.fromisoformat, span)] for span in spans):
        if found and (start - found[-1][1]).total_seconds() <= gap:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return [[iso(each.astimezone(UTC).timestamp()) for each in span] for span in found]
