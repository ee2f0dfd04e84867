"""ATT&CK as MITRE publishes it, a STIX 2.1 bundle, read into a `Release`."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
import zstandard

from mitre.errors import AttackError
from mitre.technique import (
    TACTIC_ID,
    TECHNIQUE_ID,
    Release,
    Tactic,
    Technique,
    matrix_order,
    tactic_url,
    technique_url,
)

MAX_BYTES = 256 * 1024 * 1024
"""The most a file may hold once decompressed (Enterprise of 2026 with all texts: about 50 MB)."""

Object = Mapping[str, Any]


def read(path: Path, max_bytes: int = MAX_BYTES) -> tuple[dict[str, Any], str]:
    """A JSON object from a plain, gzip or zstandard file, and the SHA-256 of its JSON text.

    The hash is of the decompressed bytes, so it does not depend on how the file was packed.
    Raises `AttackError` with the file's name.
    """
    try:
        with path.open("rb") as raw:
            data = _decompressed(raw).read(max_bytes + 1)
        if len(data) > max_bytes:
            raise AttackError(f"holds more than {max_bytes // 2**20} MiB", str(path))
        value = orjson.loads(data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AttackError(f"cannot be read: {reason}", str(path)) from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise AttackError(f"cannot be decompressed: {error}", str(path)) from error
    except orjson.JSONDecodeError as error:
        raise AttackError(f"is not JSON: {error}", str(path)) from error
    if not isinstance(value, dict):
        raise AttackError("is not a JSON object", str(path))
    return value, hashlib.sha256(data).hexdigest()


def _decompressed(raw: BinaryIO) -> BinaryIO:
    head = raw.read(4)
    raw.seek(0)
    if head[:2] == b"\x1f\x8b":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if head == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader)))
    return raw


def bundle_version(bundle: Object, file_name: str = "") -> int:
    """The major ATT&CK version that a bundle, or else its file's name, states.

    Raises `AttackError` when neither does.
    """
    for thing in _objects(bundle, "x-mitre-collection"):
        if found := re.match(r"[0-9]{1,3}", str(thing.get("x_mitre_version", ""))):
            return int(found[0])
    if found := re.search(r"attack-v?([0-9]{1,3})", file_name):
        return int(found[1])
    raise AttackError("does not say which ATT&CK version it is (--attack-version N does)")


def copyright_statement(bundle: Object) -> str | None:
    """The statement of the bundle's marking definition."""
    for thing in _objects(bundle, "marking-definition"):
        definition = thing.get("definition")
        if isinstance(definition, dict) and isinstance(definition.get("statement"), str):
            return str(definition["statement"])
    return None


def release(bundle: Object, version: int) -> Release:
    """The Enterprise tactics and techniques of a STIX bundle.

    Raises `AttackError` when it is no bundle, or lacks the matrix, tactics or techniques.
    """
    tactics = _tactics(bundle)
    patterns = _patterns(bundle)
    ids = {stix: id for id, (stix, _) in patterns.items()}
    revoked_by = _related(bundle, "revoked-by", ids)
    parents = _related(bundle, "subtechnique-of", ids)
    techniques = {}
    for id, (_, thing) in sorted(patterns.items()):
        # A revoked technique often has no sub-technique relation left; its id still tells.
        parent = parents.get(id, id.partition(".")[0])
        techniques[id] = Technique(
            id=id,
            name=_text(thing, "name"),
            tactics=matrix_order(_phases(thing), tactics),
            parent=parent if parent != id and parent in patterns else None,
            url=technique_url(id),
            revoked_by=revoked_by.get(id) if thing.get("revoked") else None,
            deprecated=_dead(thing) and not (thing.get("revoked") and id in revoked_by),
        )
    return Release(version, tactics, techniques)


def _tactics(bundle: Object) -> tuple[Tactic, ...]:
    by_ref: dict[str, Tactic] = {}
    for thing in _objects(bundle, "x-mitre-tactic"):
        id = _attack_id(thing)
        if id and TACTIC_ID.fullmatch(id):
            short = _text(thing, "x_mitre_shortname")
            by_ref[_text(thing, "id")] = Tactic(id, _text(thing, "name"), short, tactic_url(id))
    for matrix in _objects(bundle, "x-mitre-matrix"):
        refs = matrix.get("tactic_refs")
        if _attack_id(matrix) == "enterprise-attack" and isinstance(refs, list):
            found = tuple(by_ref[ref] for ref in refs if isinstance(ref, str) and ref in by_ref)
            if found:
                return found
    raise AttackError("holds no ATT&CK Enterprise matrix with its tactics")


def _patterns(bundle: Object) -> dict[str, tuple[str, Object]]:
    """Technique id → (STIX id, object); of two with one id the living one stands."""
    found: dict[str, tuple[str, Object]] = {}
    for thing in _objects(bundle, "attack-pattern"):
        id = _attack_id(thing)
        if not id or not TECHNIQUE_ID.fullmatch(id):
            continue
        domains = thing.get("x_mitre_domains")
        if isinstance(domains, list) and "enterprise-attack" not in domains:
            continue
        if id not in found or not _dead(thing):
            found[id] = (_text(thing, "id"), thing)
    if not found:
        raise AttackError("holds no ATT&CK Enterprise technique")
    return found


def _related(bundle: Object, kind: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Technique id → technique id for every relation of a kind that stands."""
    found = {}
    for thing in _objects(bundle, "relationship"):
        if thing.get("relationship_type") == kind and not _dead(thing):
            source = ids.get(_text(thing, "source_ref"))
            target = ids.get(_text(thing, "target_ref"))
            if source and target:
                found[source] = target
    return found


def _phases(thing: Object) -> set[str]:
    phases = thing.get("kill_chain_phases", [])
    if not isinstance(phases, list):
        raise AttackError(f"{thing.get('id')}: kill_chain_phases is not a list")
    names = (p.get("phase_name") for p in phases if isinstance(p, dict))
    return {name for name in names if isinstance(name, str)}


def _dead(thing: Object) -> bool:
    return bool(thing.get("revoked") or thing.get("x_mitre_deprecated"))


def _attack_id(thing: Object) -> str | None:
    references = thing.get("external_references")
    for reference in references if isinstance(references, list) else []:
        if isinstance(reference, dict) and reference.get("source_name") == "mitre-attack":
            id = reference.get("external_id")
            return id if isinstance(id, str) else None
    return None


def _text(thing: Object, key: str) -> str:
    value = thing.get(key)
    if not isinstance(value, str) or not value:
        raise AttackError(f"{thing.get('type')} {thing.get('id')}: {key} is not a text")
    return value


def _objects(bundle: Object, kind: str) -> Iterator[Object]:
    things = bundle.get("objects")
    if bundle.get("type") != "bundle" or not isinstance(things, list):
        raise AttackError("is not a STIX bundle")
    return (thing for thing in things if isinstance(thing, dict) and thing.get("type") == kind)
