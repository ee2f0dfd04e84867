"""Whether the files that a configuration names are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import SettingsError
from vedette.settings.loading import Loaded
from vedette.settings.model import Settings


def absent_files(loaded: Loaded) -> Iterator[SettingsError]:
    """Yield an error for each rule, pipeline or certificate path with nothing there.

    Folders that are watched and the state folder are left out: they may come later.
    """
    for field, path in _named(loaded.settings):
        if not path.exists():
            origin = loaded.origins[field]
            yield SettingsError(f"nothing is at {path}", file=origin, field=field)


def _named(settings: Settings) -> Iterator[tuple[str, Path]]:
    for path in settings.rules.paths:
        yield "rules.paths", path
    for path in settings.rules.pipelines:
        yield "rules.pipelines", path
    if settings.models.hash_key_file:
        yield "models.hash_key_file", settings.models.hash_key_file
    if settings.cluster:
        for name in ("ca_file", "client_cert", "client_key"):
            found = getattr(settings.cluster, name)
            if found is not None:
                yield f"cluster.{name}", found
