"""The mapper of the rules that are loaded: made once for them, and kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from connectors.cache import CacheFolder
from engine.errors import InputError, Problem, Report
from engine.rule import Rule
from mitre import descriptions, index
from mitre.catalog import Catalog
from mitre.errors import AttackError
from mitre.example import Example, technique_examples
from mitre.mapper import Mapper
from mitre.texts import VIEWS, Encode
from vedette.mapper_texts import rule_examples
from vedette.rulecache import cache_folder, wanted

ROOM = "mitre"
"""The folder in the state directory for what the user's own bundle gave."""

DESCRIPTIONS = "descriptions.json"


def own_state(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The user's state directory; None where there is no home folder to have it in."""
    from vedette.settings.model import state_folder

    try:
        return state_folder(environ).expanduser()
    except RuntimeError:
        return None


def descriptions_of(state: Path | None) -> dict[str, str]:
    """The descriptions that `vedette mitre update` left in a state directory; none without it."""
    place = state / ROOM / DESCRIPTIONS if state else None
    if place is None or not place.is_file():
        return {}
    try:
        return descriptions.load(place)
    except AttackError as error:
        raise InputError(error.message, file=error.file or str(place)) from error


def mapper(
    rules: Iterable[Rule],
    catalog: Catalog | None = None,
    *,
    state: Path | None = None,
    encode: Encode | None = None,
    fingerprint: str = "",
    report: Report | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Mapper:
    """What the rules, ATT&CK's names and the descriptions in `state` teach.

    `encode` is an encoder's, `fingerprint` says which. The same texts are learned from once: the
    index is kept beside the compiled rules, where these are kept. Raises `InputError` when there
    are too few rules with techniques.
    """
    catalog = catalog or Catalog.load()
    examples = [each for each in rule_examples(rules, catalog) if each.techniques]
    examples.sort(key=lambda each: each.id)
    texts = descriptions.carried(descriptions_of(state), catalog)
    examples += technique_examples(catalog.release(), texts)
    key = _key(examples, catalog, fingerprint)
    folder = _folder(report or _silent, environ)
    if folder and (content := folder.read(f"{key[:32]}.mapper")):
        try:
            return index.restore(content, key, catalog.release(), encode)
        except AttackError as error:
            (report or _silent)(Problem("mapper-cache", f"is not used, and made anew: {error}"))
    try:
        made = Mapper.learn(examples, catalog, encode=encode)
    except AttackError as error:
        raise InputError(error.message, field="rules") from error
    if folder:
        folder.write(f"{key[:32]}.mapper", index.dump(made, key))
    return made


def _folder(report: Report, environ: Mapping[str, str]) -> CacheFolder | None:
    if not wanted(environ):
        return None
    try:
        return CacheFolder(cache_folder(environ).with_name("mapper"), report)
    except RuntimeError:  # there is no home folder to keep it in
        return None


def _key(examples: Iterable[Example], catalog: Catalog, fingerprint: str) -> str:
    """A hash of all that the index depends on."""
    found = hashlib.sha256()
    parts = [index.FORMAT, catalog.version, catalog.source.get("sha256"), fingerprint, VIEWS]
    found.update(json.dumps(parts).encode())
    for e in examples:
        text = json.dumps([e.id, e.title, e.techniques, e.tactics, e.prose, e.values, e.signs])
        found.update(text.encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _silent(problem: Problem) -> None:
    """For callers whom a cache that cannot be used does not concern."""
