"""What stays in force of a rule file in which something went wrong.

A rule that was right in the version before, and is wrong now, stays as it was; all others of the
file are as they are now. Rules are told apart by their ids, else by their titles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sigma.rule import SigmaRule

from engine.compile import Parsed
from engine.compiled import Compiled
from engine.correlate.parse import Draft
from engine.errors import RuleError
from engine.filters import Filter
from engine.unit import Unit
from engine.yaml_text import documents_in

Key = tuple[str, str]
"""A rule's title, and its id where it has one."""


def fall_back(
    unit: Unit, before: Unit, wrong: Iterable[RuleError], sound: set[Key] | None = None
) -> bool:
    """Put earlier versions in force in place of what is not `sound`; whether there are any.

    `wrong` is what is wrong with the unit. Without `sound` nothing in it is.
    """
    earlier = _earlier(before)
    now = None if sound is None else unit.documents or _documents(unit)
    if now is None or any(isinstance(d, dict) and "action" in d for d in now):
        found = kept = earlier  # nothing can be told apart: all of it stays as it was
    else:
        found, kept = _sorted_out(now, earlier, sound or set())
    if not kept:
        return False
    known = {str(error) for error in unit.broken}
    unit.broken += tuple(error for error in wrong if str(error) not in known)
    unit.kept += tuple(str(document.get("title")) for document in kept)
    unit.documents = found
    unit.mark = hashlib.sha256(f"{unit.key} {before.mark}".encode()).hexdigest()
    unit.compiled = None
    unit.forget()
    return True


def sound_in(file: Parsed, compiled: Compiled | None = None) -> set[Key]:
    """What of a file was read well and, where its outcome is given, was bound well too."""
    sound: set[Key] = set()
    outcomes = iter(compiled.rules) if compiled else None
    for item in file.items:
        if isinstance(item, SigmaRule) and outcomes and isinstance(next(outcomes), RuleError):
            continue
        if not isinstance(item, RuleError):
            one = item.sigma if isinstance(item, Draft | Filter) else item
            sound.add(_key(one.title, one.id))
    return sound


def _earlier(before: Unit) -> list[dict[str, Any]]:
    """The documents that were in force, without those that could not be."""
    documents = before.documents or _documents(before) or []
    found = [document for document in documents if isinstance(document, dict)]
    outcome = before.compiled
    if outcome and (outcome.refused or any(isinstance(r, RuleError) for r in outcome.rules)):
        sound = sound_in(before.read(), outcome)
        before.forget()
        found = [each for each in found if key_of(each) in sound]
    return found


def _sorted_out(
    now: list[Any], earlier: list[dict[str, Any]], sound: set[Key]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """Each document that is sound, else its earlier version; and the latter alone.

    Where one is wrong that has no earlier version, it may be any that is missed: all these stay.
    """
    found, kept = [], []
    stray = False
    for document in now:
        if not isinstance(document, dict):
            stray = True
            continue
        title, id = key = key_of(document)
        if key in sound:
            found.append(document)
            continue
        same = [each for each in earlier if id and key_of(each)[1] == id]
        same = same or [each for each in earlier if each.get("title") == title]
        if same and same[0] not in found:
            found.append(same[0])
            kept.append(same[0])
        stray = stray or not same
    if stray:
        missed = [each for each in earlier if each not in found and key_of(each) not in sound]
        found, kept = found + missed, kept + missed
    return found, kept


def _documents(unit: Unit) -> list[Any] | None:
    """What stands in the file; None where it is no YAML."""
    try:
        return documents_in(unit.raw, unit.file).items
    except RuleError:
        return None  # which is told as the file's error


def key_of(document: Mapping[str, Any]) -> Key:
    """What a document is told apart by."""
    return _key(document.get("title"), document.get("id"))


def _key(title: Any, id: Any) -> Key:
    if id is None:
        return str(title), ""
    try:
        return str(title), str(UUID(str(id)))
    except ValueError:
        return str(title), str(id)
