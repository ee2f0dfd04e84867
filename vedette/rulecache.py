"""Where compiled rules are kept between commands, and when they are not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.cache import CacheFolder
from engine.codec.errors import DecodeError
from engine.codec.made import made_by
from engine.codec.volume import Volume
from engine.errors import InputError, Problem, Report

SWITCH = "VEDETTE_RULES__CACHE"
"""The variable of the setting `rules.cache`, which commands without a configuration heed too."""

EXTERNAL = "PYSIGMA_ALLOW_EXTERNAL_SOURCES"
"""Lets pipelines fetch values from elsewhere, so that their text no longer says what they do."""

_WORDS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}


class RuleCache:
    """The volume of one set of paths, from the user's cache folder and back into it."""

    def __init__(
        self, paths: Sequence[Path], pipelines: Sequence[bytes], folder: Path, report: Report
    ) -> None:
        self._folder = CacheFolder(folder, report)
        places = "\0".join(str(path.resolve()) for path in paths)
        self._name = hashlib.sha256(places.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._name += ".rules"
        self.volume, self.found = self._read(made_by(pipelines), folder / self._name, report)

    def _read(self, made: str, place: Path, report: Report) -> tuple[Volume, bool]:
        content = self._folder.read(self._name)
        try:
            known = None if content is None else Volume.read(content, made)
        except DecodeError as error:
            report(Problem("rule-cache", f"is not used, and made anew: {error}", file=str(place)))
            known = None
        return (known or Volume(made)), known is not None

    def keep(self) -> None:
        """Write what is new in the volume."""
        if self.volume.changed:
            self._folder.write(self._name, self.volume.content())


def open_cache(
    paths: Sequence[Path],
    pipelines: Sequence[bytes],
    report: Report,
    environ: Mapping[str, str] = os.environ,
) -> RuleCache | None:
    """The cache of these paths; None where it is switched off or cannot be.

    Raises `InputError` when the variable that switches it is neither true nor false.
    """
    if not wanted(environ):
        return None
    if pipelines and environ.get(EXTERNAL):
        report(Problem("rule-cache", f"is not used: {EXTERNAL} lets pipelines read other sources"))
        return None
    try:
        folder = cache_folder(environ)
    except RuntimeError:
        report(Problem("rule-cache", "is not used: there is no home folder to keep it in"))
        return None
    return RuleCache(paths, pipelines, folder, report)


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment lets rules be cached. Raises `InputError`."""
    given = environ.get(SWITCH)
    if given is None:
        return True
    if given.strip().lower() not in _WORDS:
        raise InputError(f"is {given!r}", field=SWITCH, expected="true or false")
    return _WORDS[given.strip().lower()]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder for it. Raises `RuntimeError` when there is no home folder."""
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has relative paths ignored.
    home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    return home / "vedette" / "rules"
