"""What one ATT&CK version changed, as a short table, applied to the release before it.

The table's shape:

    about                   text; "… from ATT&CK v18 to v19 …" is checked when it is there
    tactics                 [{id, name, shortname, was}]: renamed, or split off the tactic whose
                            name stands in `was`
    new_techniques          {id: name}
    revoked_by              {old id: id that replaces it}
    former_defense_evasion  {tactic shortname: [id]}: where the techniques of the tactic that was
                            split belong now
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mitre.errors import AttackError
from mitre.technique import (
    TACTIC_ID,
    TECHNIQUE_ID,
    Release,
    Tactic,
    Technique,
    last_successor,
    matrix_order,
    tactic_url,
    technique_url,
)


def apply(before: Release, delta: Mapping[str, Any]) -> tuple[Release, tuple[str, ...]]:
    """The release after `before`, and what had to be assumed where the table is silent.

    A sub-technique follows its parent unless the table names it; a revoked id follows its
    successor. Raises `AttackError` when the table does not fit the release.
    """
    _check_step(before.version, delta)
    tactics, split = _tactics(before, delta)
    moved = _moved(delta, {tactic.shortname for tactic in tactics})
    drafts = {**before.techniques, **_new(before, delta)}
    for old, new in _pairs(delta, "revoked_by").items():
        if old not in drafts or new not in drafts:
            raise AttackError(f"revoked_by: {old} → {new} names an id that is not known")
        drafts[old] = replace(drafts[old], revoked_by=new, deprecated=False)
    homes = {
        id: _home(id, drafts, moved) for id, t in drafts.items() if split & {*t.tactics}
    } | moved
    techniques = {}
    for id, draft in sorted(drafts.items()):
        techniques[id] = _rehomed(draft, split, homes, tactics)
    after = Release(before.version + 1, tactics, techniques)
    return after, _assumptions(before, after, split, homes)


def _check_step(version: int, delta: Mapping[str, Any]) -> None:
    step = re.search(r"v([0-9]+) to v([0-9]+)", str(delta.get("about", "")))
    if step and (int(step[1]), int(step[2])) != (version, version + 1):
        raise AttackError(f"leads from v{step[1]} to v{step[2]}, but the bundle is v{version}")


def _tactics(before: Release, delta: Mapping[str, Any]) -> tuple[tuple[Tactic, ...], set[str]]:
    """The new matrix, and the shortnames that are no tactic any more."""
    tactics = list(before.tactics)
    entries = delta.get("tactics", [])
    if not isinstance(entries, list):
        raise AttackError("tactics is not a list")
    for entry in entries:
        tactic, was = _tactic(entry, before)
        place = next(i for i, t in enumerate(tactics) if was in (t.shortname, t.was))
        if tactics[place].id == tactic.id:
            tactics[place] = tactic
        else:
            tactics.insert(place + 1, tactic)
    if len({t.id for t in tactics}) < len(tactics):
        raise AttackError("tactics: two have the same id")
    gone = {t.shortname for t in before.tactics} - {t.shortname for t in tactics}
    return tuple(tactics), gone


def _tactic(entry: Any, before: Release) -> tuple[Tactic, str]:
    if not isinstance(entry, dict):
        raise AttackError("tactics: an entry is not an object")
    id, name, short = (str(entry.get(key, "")) for key in ("id", "name", "shortname"))
    told = str(entry.get("was", "")).lower()
    was = next((t.shortname for t in before.tactics if t.name.lower() in told), None)
    if not TACTIC_ID.fullmatch(id) or not name or not short or was is None:
        raise AttackError(f"tactics: {id or entry} needs id, name, shortname and a known was")
    return Tactic(id, name, short, tactic_url(id), was), was


def _new(before: Release, delta: Mapping[str, Any]) -> dict[str, Technique]:
    names = _pairs(delta, "new_techniques")
    new = {}
    for id, name in names.items():
        if not TECHNIQUE_ID.fullmatch(id) or id in before.techniques:
            raise AttackError(f"new_techniques: {id} is no technique id, or not new")
        parent = id.partition(".")[0] if "." in id else None
        if parent and parent not in names and parent not in before.techniques:
            raise AttackError(f"new_techniques: {id} has no parent")
        new[id] = Technique(id, name, (), parent, technique_url(id))
    return new


def _moved(delta: Mapping[str, Any], known: set[str]) -> dict[str, str]:
    """Technique id → the tactic that the table puts it under."""
    table = delta.get("former_defense_evasion", {})
    if not isinstance(table, dict) or not all(isinstance(ids, list) for ids in table.values()):
        raise AttackError("former_defense_evasion is not an object of lists")
    if unknown := set(table) - known:
        raise AttackError(f"former_defense_evasion: {min(unknown)} is no tactic")
    return {str(id): shortname for shortname, ids in table.items() for id in ids}


def _home(id: str, drafts: Mapping[str, Technique], moved: Mapping[str, str]) -> str | None:
    """The tactic an id of the split one belongs under: its successor's, its own, its parent's."""
    end = last_successor(id, drafts) or id
    parent = drafts[end].parent
    return moved.get(end) or (moved.get(parent) if parent else None)


def _rehomed(
    draft: Technique, split: set[str], homes: Mapping[str, str | None], tactics: tuple[Tactic, ...]
) -> Technique:
    shortnames = set(draft.tactics)
    if gone := shortnames & split:
        # Silent table: the tactic that kept the id, the first heir in the matrix.
        heirs = {next(t.shortname for t in tactics if t.was == shortname) for shortname in gone}
        home = homes.get(draft.id)
        shortnames = (shortnames - split) | ({home} if home else heirs)
    elif not shortnames:
        home = homes.get(draft.id) or homes.get(draft.parent or "")
        shortnames = {home} if home else set()
    return replace(draft, tactics=matrix_order(shortnames, tactics))


def _assumptions(
    before: Release, after: Release, split: set[str], homes: Mapping[str, str | None]
) -> tuple[str, ...]:
    told = []
    silent = [id for id, home in homes.items() if home is None and after.techniques[id].living]
    if silent:
        told.append(
            f"v{after.version}: the table of changes does not say which part of "
            f"{', '.join(sorted(split))} these belong to; they stand under the tactic that kept "
            f"its id, beside their other tactics: {', '.join(sorted(silent))}"
        )
    bare = [id for id, t in after.techniques.items() if t.living and not t.tactics]
    if bare:
        told.append(f"v{after.version}: no tactic is known for {', '.join(bare)}")
    told.append(
        f"v{after.version}: names and tactics that the table of changes does not mention "
        f"are those of v{before.version}"
    )
    return tuple(told)


def _pairs(delta: Mapping[str, Any], key: str) -> dict[str, str]:
    table = delta.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(v, str) and v for v in table.values()):
        raise AttackError(f"{key} is not an object of texts")
    return dict(table)
