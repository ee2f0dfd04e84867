"""Tuning files, exceptions and lists, loaded as often as asked; what went wrong stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import RuleError
from engine.rule_files import read_rule_file
from engine.tune.condition import Condition
from engine.tune.entries import Tuning
from engine.tune.exempt import Exempt
from engine.tune.lists import InList, ListFile

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

Pipelines = Callable[[], Sequence["ProcessingPipeline"]]
Made = dict[int, tuple[Condition, Condition]]
"""Conditions as they were read, by identity, each with what was made of it."""


class Shelf:
    """The tuning beside some rules; `base` is that of the settings, `files` are tuning files."""

    def __init__(
        self, files: Sequence[Path] = (), base: Tuning | None = None, pipelines: Pipelines = tuple
    ) -> None:
        self._base, self._pipelines = base or Tuning(), pipelines
        self._raw: dict[Path, bytes] = {}
        self._read: dict[Path, Tuning] = dict.fromkeys(files, Tuning())
        self._exceptions: tuple[Exempt, ...] = ()
        self._seen: dict[ListFile, tuple[int, ...]] = {}
        self._lists: dict[ListFile, InList] = {}
        self._wrong: dict[Path | ListFile, RuleError] = {}
        self._made: Made = {}

    @property
    def errors(self) -> list[RuleError]:
        """What is wrong with tuning files and lists; what was right before stays in force."""
        return list(self._wrong.values())

    @property
    def paths(self) -> list[Path]:
        """The files that it is made of, apart from the rule files."""
        return [*self._read, *{file.path: None for file in self._lists_of()}]

    def refresh(self) -> bool:
        """Look at tuning files and lists again; whether anything of them is new."""
        changed = [self._refresh(file) for file in self._read]
        return self._refresh_lists() or any(changed)

    def hold(self, exceptions: Sequence[Exempt]) -> None:
        """Take the exceptions that are in the rule files now."""
        self._exceptions = tuple(exceptions)
        self._refresh_lists()

    def tuning(self) -> Tuning:
        """All of it together: entries of files come before those of the settings."""
        parts = [*self._read.values(), self._base]
        whole = Tuning(
            exceptions=tuple(each for each in self._exceptions if self._complete(each.lists)),
            suppress=tuple(each for part in parts for each in part.suppress),
            overrides=tuple(
                each for part in parts for each in part.overrides if self._complete(each.lists)
            ),
            caps=tuple(each for part in parts for each in part.caps),
            blocks=tuple(each for part in parts for each in part.blocks),
        )
        made, self._made = self._made, {}
        return replace(
            whole,
            exceptions=tuple(
                replace(each, condition=self._ready(each.condition, each.lists, made))
                for each in whole.exceptions
            ),
            overrides=tuple(
                each
                if each.when is None
                else replace(each, when=self._ready(each.when, each.lists, made))
                for each in whole.overrides
            ),
        )

    def _complete(self, files: Sequence[ListFile]) -> bool:
        """Whether every list could be read once; what lacks one would mean something else."""
        return all(file in self._lists for file in files)

    def _ready(self, condition: Condition, files: Sequence[ListFile], made: Made) -> Condition:
        """A condition with its lists; that of the last time where these are the same.

        Those in use are left as they are: whoever has them may go on with them.
        """
        lists = {file.name: self._lists[file] for file in files}
        _, known = made.get(id(condition), (None, None))
        if known is None or any(known.lists.get(name) is not held for name, held in lists.items()):
            known = condition.using(lists, self._pipelines)
        self._made[id(condition)] = condition, known
        return known

    def _refresh(self, file: Path) -> bool:
        from engine.tune.document import tuning_in  # YAML is slow to import

        try:
            raw = read_rule_file(file)
            if raw == self._raw.get(file) and file not in self._wrong:
                return False
            self._read[file] = tuning_in(raw, str(file))
        except RuleError as error:
            new = str(error) != str(self._wrong.get(file))
            self._wrong[file] = error
            return new
        self._wrong.pop(file, None)
        self._raw[file] = raw
        return True

    def _lists_of(self) -> list[ListFile]:
        found = [file for each in self._exceptions for file in each.lists]
        entries = [each for part in self._read.values() for each in part.overrides]
        return found + [file for each in entries for file in each.lists]

    def _refresh_lists(self) -> bool:
        changed = False
        wanted = dict.fromkeys(self._lists_of())
        for file in [file for file in self._seen if file not in wanted]:
            del self._seen[file]
            self._lists.pop(file, None)
            self._wrong.pop(file, None)
        for file in wanted:
            look = file.look()
            if self._seen.get(file) == look and look:
                continue
            changed = changed or self._seen.get(file) != look
            self._seen[file] = look
            try:
                self._lists[file] = file.read()
                self._wrong.pop(file, None)
            except RuleError as error:
                self._wrong[file] = error
        return changed
