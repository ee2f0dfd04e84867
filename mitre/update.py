"""Makes `attack.json`: the facts of ATT&CK (ids, names, tactics, parents, revocations), no texts.

Shape of the facts:

    source       {name, version, sha256, delta_sha256, copyright, statement}
    assumptions  [text]
    releases     {"18": {tactics: [{id, name, shortname, was?}],        in matrix order
                         techniques: {id: {name, tactics, parent?, revoked_by?, deprecated?}}},
                  "19": the same, but its techniques are only those that differ from "18"}
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from mitre.bundle import bundle_version, copyright_statement, read, release
from mitre.delta import apply
from mitre.errors import AttackError
from mitre.technique import Release, Tactic, Technique, last_successor

COPYRIGHT = (
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission "
    "of The MITRE Corporation."
)

Facts = dict[str, Any]


def facts_from_files(
    bundle_file: Path, delta_file: Path | None = None, version: int | None = None
) -> Facts:
    """Read a bundle (.json, .json.gz, .json.zst) and an optional delta, and build the facts.

    `version` is needed only when neither the bundle nor its file name states it.
    Raises `AttackError` with the file that is at fault.
    """
    bundle, sha256 = read(bundle_file)
    delta, delta_sha256 = read(delta_file) if delta_file else (None, None)
    try:
        version = version or bundle_version(bundle, bundle_file.name)
        first = release(bundle, version)
        _check(first)
    except AttackError as error:
        raise AttackError(error.message, str(bundle_file)) from error
    try:
        return build(bundle, delta, version=version, sha256=sha256, delta_sha256=delta_sha256)
    except AttackError as error:
        raise AttackError(error.message, str(delta_file or bundle_file)) from error


def build(
    bundle: Mapping[str, Any],
    delta: Mapping[str, Any] | None = None,
    *,
    version: int,
    sha256: str,
    delta_sha256: str | None = None,
) -> Facts:
    """The facts of a STIX 2.1 bundle of `version`, and with a delta those of the next version too.

    Pure: the same input gives the same facts. Raises `AttackError`.
    """
    releases = [release(bundle, version)]
    assumptions: tuple[str, ...] = ()
    if delta is not None:
        after, assumptions = apply(releases[0], delta)
        releases.append(after)
    for each in releases:
        _check(each)
    source = {
        "name": "MITRE ATT&CK Enterprise",
        "version": version,
        "sha256": sha256,
        "delta_sha256": delta_sha256,
        "copyright": COPYRIGHT,
        "statement": copyright_statement(bundle),
    }
    stated: dict[str, Any] = {}
    before: Mapping[str, Technique] = {}
    for each in releases:
        changed = {id: t for id, t in each.techniques.items() if before.get(id) != t}
        stated[str(each.version)] = {
            "tactics": [_tactic_facts(tactic) for tactic in each.tactics],
            "techniques": {id: _technique_facts(t) for id, t in changed.items()},
        }
        before = each.techniques
    return {"source": source, "assumptions": list(assumptions), "releases": stated}


def dump(facts: Facts) -> bytes:
    """The facts as JSON, one technique a line, so that an update is a readable diff."""
    return b"".join(_json(facts, levels=4)) + b"\n"


def write(facts: Facts, path: Path) -> None:
    """Put the facts at `path`. Raises `AttackError` when the place cannot be written."""
    put(dump(facts), path)


def put(content: bytes, path: Path) -> None:
    """Put a file at `path` in one step, so that no reader meets half a one.

    Raises `AttackError` when the place cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise AttackError(f"cannot be written: {error.strerror}", str(path)) from error


def _check(made: Release) -> None:
    """Every revocation must lead somewhere, or `successor` would have nothing to name."""
    for id, technique in made.techniques.items():
        if technique.revoked_by and last_successor(id, made.techniques) is None:
            raise AttackError(f"{id}: its revocations lead nowhere")


def _tactic_facts(tactic: Tactic) -> Facts:
    facts = {"id": tactic.id, "name": tactic.name, "shortname": tactic.shortname}
    return facts | ({"was": tactic.was} if tactic.was else {})


def _technique_facts(technique: Technique) -> Facts:
    facts: Facts = {"name": technique.name, "tactics": list(technique.tactics)}
    for key in ("parent", "revoked_by", "deprecated"):
        if value := getattr(technique, key):
            facts[key] = value
    return facts


def _json(value: Any, levels: int) -> Iterator[bytes]:
    """JSON with one member a line for the outermost `levels`, compact below."""
    if not levels or not value or not isinstance(value, dict | list):
        yield orjson.dumps(value)
        return
    keyed = isinstance(value, dict)
    yield b"{" if keyed else b"["
    for number, member in enumerate(value):
        yield b",\n" if number else b"\n"
        if keyed:
            yield orjson.dumps(member) + b":"
        yield from _json(value[member] if keyed else member, levels - 1)
    yield b"\n}" if keyed else b"\n]"
