"""Rule libraries that pipelines share: rules that several of them load are loaded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from engine.correlate.link import NOT_LOADED, misses
from engine.errors import RuleError
from engine.library import Library
from engine.rule import Rule, RuleSet, Selection
from engine.tune.entries import StrangerError, Tuning
from vedette import rulesets
from vedette.rulesets import UNTUNED, Tuned

Made = tuple[tuple[Path, ...], tuple[Path, ...], bool]
"""What a library is made of: the paths, pySigma's pipelines, and whether it is cached."""


class Shared:
    """One library for several pipelines, of which each looks at its files in its own thread."""

    lock = Lock()
    """One for all libraries: pySigma, which compiles what is new, is not made for threads."""

    def __init__(self, library: Library, paths: Sequence[Path] = ()) -> None:
        self.library, self.paths = library, tuple(paths)
        self.version = 0

    def refresh(self, *, keep: bool) -> int:
        """Look at the files again; the number of the version that is loaded after that."""
        with self.lock:
            self.version += self.library.refresh(keep=keep)
            return self.version

    def others(self) -> Sequence[Path]:
        """The files that count besides those under its paths."""
        with self.lock:
            return self.library.others

    def tuning(self) -> Tuning:
        """The tuning that lies among its rules and beside them."""
        with self.lock:
            return self.library.tuning

    def select(self, select: Selection) -> RuleSet:
        """The rules that are wanted of it."""
        with self.lock:
            return self.library.select(select)


class Volume:
    """A pipeline's own view of a library: what it has seen of it, and what it wants of it."""

    def __init__(self, name: str, shared: Shared, libraries: Libraries) -> None:
        self.name, self.shared = name, shared
        self._libraries, self._seen = libraries, shared.version

    def refresh(self, *, keep: bool = False) -> bool:
        """Look at the files again; whether anything is new to this pipeline."""
        version = self.shared.refresh(keep=keep)
        new = version != self._seen
        self._seen = version
        return new

    @property
    def others(self) -> Sequence[Path]:
        """The files that count besides those under the paths: of the tuning, and lists."""
        return self.shared.others()

    def select(self, select: Selection) -> RuleSet:
        """The rules that are wanted; of a correlation it is said when it reaches across."""
        found = self.shared.select(select)
        found.refused = [self._libraries.told(error, self) for error in found.refused]
        if self._libraries.several:  # tuning files are for all; another one may have the rule
            kept = [each for each in found.warnings if not isinstance(each, StrangerError)]
            found.warnings = kept
        return found


class Libraries:
    """Every library that the pipelines of a run are made of."""

    def __init__(self) -> None:
        self._libraries: dict[Made, Shared] = {}
        self._volumes: list[Volume] = []
        self._versions: list[int] = []
        self.besides: list[Rule] = []
        """What exceptions may be for besides rules: hunts."""

    def open(
        self,
        name: str,
        paths: tuple[Path, ...],
        pipelines: tuple[Path, ...],
        warn: Callable[[str], None],
        *,
        cache: bool,
        tuning: Tuned = UNTUNED,
    ) -> Volume:
        """A pipeline's rules; only what no pipeline before it asked for is loaded.

        Raises `InputError` for a path that is not there or a pySigma pipeline that is none.
        """
        made = (paths, pipelines, cache)
        if made not in self._libraries:
            library, _ = rulesets.opened(
                paths, Selection(), pipelines, warn, cache=cache, tuning=tuning
            )
            library.besides = self.besides
            read = [*(paths or [rulesets.OWN_RULES]), *tuning.exceptions]
            self._libraries[made] = Shared(library, read)
            self._versions.append(0)
        volume = Volume(name, self._libraries[made], self)
        self._volumes.append(volume)
        return volume

    @property
    def several(self) -> bool:
        """Whether pipelines have rules of more than one library."""
        return len(self._libraries) > 1

    @property
    def paths(self) -> list[Path]:
        """All files and folders that the rules and their tuning are read from."""
        return [path for each in self._libraries.values() for path in (*each.paths, *each.others())]

    def refresh(self) -> bool:
        """Look at all files again; whether anything is new since this was last asked."""
        before, self._versions = (
            self._versions,
            [shared.refresh(keep=True) for shared in self._libraries.values()],
        )
        return before != self._versions

    def tuning(self) -> Tuning | None:
        """The tuning of all libraries together; None where nothing is asked for.

        Tuning files and settings are the same for all; exceptions lie among the rules of each.
        """
        parts = [shared.tuning() for shared in self._libraries.values()]
        exceptions = {
            (each.file, each.line, each.key): each for part in parts for each in part.exceptions
        }
        if not parts:
            return None
        return replace(parts[0], exceptions=tuple(exceptions.values())) or None

    def told(self, error: RuleError, volume: Volume) -> RuleError:
        """The error; of a correlation over a rule that another pipeline has, it says so."""
        if NOT_LOADED not in error.message:
            return error
        for other in self._volumes:
            if other.shared is volume.shared:
                continue
            reference = misses(error, _names(other.shared))
            if reference is not None:
                return RuleError(
                    f"refers to {reference!r}, which is a rule of pipeline {other.name!r} and not "
                    f"of pipeline {volume.name!r}: no correlation reaches across pipelines",
                    file=error.file, line=error.line, field=error.field,
                    expected="rules of its own pipeline",
                )  # fmt: skip
        return error


def _names(shared: Shared) -> Iterator[str]:
    """What correlations may call the rules of a library."""
    for rule in shared.select(Selection()).rules:
        yield rule.id
        if isinstance(name := rule.document.get("name"), str):
            yield name


def apart(selected: dict[str, RuleSet]) -> dict[str, list[str]]:
    """Titles of the correlations that several pipelines have, each with these pipelines.

    Each of them looks at its own sources only, which may not be what is meant.
    """
    found: dict[str, list[str]] = {}
    for name, rules in selected.items():
        for correlation in rules.correlations:
            found.setdefault(correlation.rule.title, []).append(name)
    return {title: pipelines for title, pipelines in found.items() if len(pipelines) > 1}
