"""What differs between two catalogues, told in lines."""

from __future__ import annotations

from collections.abc import Iterable

from mitre.catalog import Catalog
from mitre.technique import Release, Technique

SHOWN = 12
"""How many ids a line names before it only counts."""


def changes(before: Catalog, after: Catalog) -> list[str]:
    """One line for each kind of change in each version; empty when the facts are the same."""
    told = [f"v{v}: new in the catalogue" for v in after.versions if v not in before.versions]
    told += [f"v{v}: no longer spoken" for v in before.versions if v not in after.versions]
    for version in after.versions:
        if version in before.versions:
            lines = _release_changes(before.release(version), after.release(version))
            told += [f"v{version}: {line}" for line in lines]
    return told


def _release_changes(before: Release, after: Release) -> list[str]:
    old, new = before.techniques, after.techniques
    both = [(old[id], new[id]) for id in new if id in old]
    renamed = [b.id for a, b in both if a.name != b.name]
    moved = [b.id for a, b in both if (a.tactics, a.parent) != (b.tactics, b.parent)]
    ended = [b.id for a, b in both if _end(a) != _end(b)]
    parts = {
        "new techniques": [id for id in new if id not in old],
        "techniques gone": [id for id in old if id not in new],
        "renamed": renamed,
        "under other tactics or another parent": moved,
        "revoked or deprecated otherwise than before": ended,
        "tactics that differ": [
            t.id
            for t in (*before.tactics, *after.tactics)
            if (t in before.tactics) != (t in after.tactics)
        ],
    }
    return [f"{name}: {_named(ids)}" for name, ids in parts.items() if ids]


def _end(technique: Technique) -> tuple[str | None, bool]:
    return technique.revoked_by, technique.deprecated


def _named(ids: Iterable[str]) -> str:
    ordered = sorted(set(ids))
    rest = len(ordered) - SHOWN
    return ", ".join(ordered[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
