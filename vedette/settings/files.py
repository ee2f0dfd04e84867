"""Whether the files that a configuration names are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import SettingsError
from vedette.settings.loading import Loaded
from vedette.settings.model import Settings


def absent_files(loaded: Loaded) -> Iterator[SettingsError]:
    """Yield an error for each path of rules, pipelines, tuning, hunts or certificates with nothing
    there.

    Folders that are watched and the state folder are left out: they may come later.
    """
    for field, path in _named(loaded.settings):
        if not path.exists():
            origin = loaded.origins[field]
            yield SettingsError(f"nothing is at {path}", file=origin, field=field)


def _named(settings: Settings) -> Iterator[tuple[str, Path]]:
    of_pipelines = ((f"pipelines.{n}.rules", p.rules) for n, p in enumerate(settings.pipelines))
    lists: list[tuple[str, tuple[Path, ...]]] = []
    for section, rules in (("rules", settings.rules), *of_pipelines):
        lists += [(f"{section}.paths", rules.paths), (f"{section}.pipelines", rules.pipelines)]
    lists.append(("tuning.exceptions", settings.tuning.exceptions))
    lists.append(("tuning.files", settings.tuning.files))
    lists.append(("hunts.paths", settings.hunts.paths))
    for field, paths in lists:
        for path in paths:
            yield field, path
    if settings.models.hash_key_file:
        yield "models.hash_key_file", settings.models.hash_key_file
    if settings.cluster:
        for name in ("ca_file", "client_cert", "client_key"):
            found = getattr(settings.cluster, name)
            if found is not None:
                yield f"cluster.{name}", found
