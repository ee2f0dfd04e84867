"""Descriptions of techniques from the user's own bundle: never part of the project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from mitre.bundle import read
from mitre.catalog import Catalog
from mitre.errors import AttackError
from mitre.technique import TECHNIQUE_ID
from mitre.update import put

LONGEST = 4_096
"""Characters of a description that are kept."""

_CITATION = re.compile(r"\(Citation: [^)]{0,200}\)")
_LINK = re.compile(r"\[([^\]]{1,200})\]\([^)\s]{1,500}\)")
_TAG = re.compile(r"</?[a-z]{1,10}>")


def descriptions(bundle: Mapping[str, Any]) -> dict[str, str]:
    """Technique id → its description without links and citations, in id order.

    Revoked and deprecated techniques are left out. Raises `AttackError` when the bundle has none.
    """
    found: dict[str, str] = {}
    objects = bundle.get("objects")
    for thing in objects if isinstance(objects, list) else ():
        if not isinstance(thing, dict) or thing.get("type") != "attack-pattern":
            continue
        gone = thing.get("revoked") or thing.get("x_mitre_deprecated")
        text = thing.get("description")
        id = _id(thing.get("external_references"))
        if id and isinstance(text, str) and not gone:
            found[id] = _plain(text)
    if not found:
        raise AttackError("holds no description of a technique")
    return dict(sorted(found.items()))


def carried(found: Mapping[str, str], catalog: Catalog) -> dict[str, str]:
    """The descriptions under the ids that the catalogue's newest version has for them."""
    return {
        new: text for id, text in found.items() for new in catalog.to_version(id, catalog.version)
    }


def write(found: Mapping[str, str], path: Path) -> None:
    """Put the descriptions at `path`, in one step. Raises `AttackError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AttackError(f"cannot be made: {error.strerror}", str(path.parent)) from error
    put(orjson.dumps(dict(found), option=orjson.OPT_INDENT_2), path)


def load(path: Path) -> dict[str, str]:
    """What `write` wrote. Raises `AttackError` for anything else."""
    found, _ = read(path)
    if not all(TECHNIQUE_ID.fullmatch(id) and isinstance(t, str) for id, t in found.items()):
        raise AttackError("is no file of descriptions of techniques", str(path))
    return found


def _id(references: object) -> str | None:
    for each in references if isinstance(references, list) else ():
        if isinstance(each, dict) and each.get("source_name") == "mitre-attack":
            id = str(each.get("external_id"))
            return id if TECHNIQUE_ID.fullmatch(id) else None
    return None


def _plain(text: str) -> str:
    text = _LINK.sub(r"\1", _CITATION.sub("", text[: 4 * LONGEST]))
    return " ".join(_TAG.sub("", text).split())[:LONGEST]
