"""Rule files and what became of them, so that only what is new to it has to be compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.codec.correlations import decode_linked, encode_linked
from engine.codec.errors import DecodeError, EncodeError
from engine.codec.rules import decode_compiled, encode_compiled
from engine.codec.trees import Shared
from engine.codec.volume import Volume
from engine.compiled import Compiled, Named
from engine.correlate.link import Linked, sort_out
from engine.errors import Problem, Report, RuleError
from engine.rule import RuleSet, Selection
from engine.rule_files import read_rule_file, rule_files

if TYPE_CHECKING:  # pySigma is slow to import, and not needed where everything is known
    from sigma.processing.pipeline import ProcessingPipeline
    from sigma.rule import SigmaRule

    from engine.compile import Parsed
    from engine.filters import Filter

Pipelines = Callable[[], Sequence["ProcessingPipeline"]]
"""Reads the user's pipelines, where they are needed."""


@dataclass(slots=True)
class _Unit:
    """A rule file at one moment; `compiled` is None while its outcome is not known."""

    file: str
    ruleset: str
    raw: bytes
    key: str
    shaped: Callable[[], bool] = bool
    """Whether pipelines will shape its rules."""
    compiled: Compiled | None = None
    parsed: Parsed | None = None
    sigmas: list[SigmaRule] = field(default_factory=list)

    def read(self) -> Parsed:
        """The file as pySigma reads it, to be bound once."""
        from engine.compile import parsed

        if self.parsed is None:
            self.parsed = parsed(self.raw, self.file, self.ruleset, self.shaped)
        return self.parsed

    def filters(self) -> int:
        """How many filters it holds that can be applied."""
        return len(self.compiled.filters if self.compiled else self.read().filters)

    def forget(self) -> None:
        """Let go of what pySigma made: it is large, and would not do for a second binding."""
        self.parsed, self.sigmas = None, []


class Library:
    """The rules under some paths, loaded as often as asked; what has not changed is kept.

    `volume` has what earlier processes found out, and takes in what the first load does, to be
    kept by the caller; `report` is told when it cannot be believed.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        pipelines: Pipelines = tuple,
        *,
        volume: Volume | None = None,
        report: Report | None = None,
    ) -> None:
        self._paths = tuple(paths)
        self._pipelines = pipelines
        self._volume = volume
        self._report = report
        self._units: dict[str, _Unit] = {}
        self._linked = Linked()
        self._link_key = ""

    def load(self, select: Selection | None = None) -> RuleSet:
        """All rules as their files are now. Raises `InputError` for a path that is not there."""
        units = list(self._look())
        self._recall(units)
        filtered = _hash(*(unit.key for unit in units if unit.filters()))
        self._compile(units, filtered)
        found, named = _together(units)
        self._link(units, named, filtered)
        for unit in units:
            unit.forget()
        self._units = {unit.file: unit for unit in units}
        self._volume = None
        sort_out(found, self._linked, [item.rule for _, _, item in named], select or Selection())
        return found

    def _look(self) -> Iterator[_Unit]:
        """Each file as it is now, by its bytes; an unchanged one with what is known of it."""
        for path, ruleset in rule_files(self._paths):
            file = str(path)
            try:
                raw = read_rule_file(path)
            except RuleError as error:
                yield _Unit(file, ruleset, b"", "", compiled=Compiled(refused=(error,)))
                continue
            unit = _Unit(file, ruleset, raw, hashlib.sha256(raw).hexdigest(), self._shaped)
            known = self._units.get(file)
            same = known and known.key == unit.key and known.ruleset == ruleset
            yield known if known and same else unit

    def _recall(self, units: Sequence[_Unit]) -> None:
        """Take from the volume what it knows, all of it or nothing."""
        if self._volume is None:
            return
        found: list[tuple[_Unit, Compiled]] = []
        shared: Shared = {}
        try:
            for unit in units:
                if unit.compiled is None and (text := self._volume.get(unit.key)):
                    found.append((unit, decode_compiled(text, unit.file, unit.ruleset, shared)))
        except DecodeError as error:
            self._distrust(error)
            return
        for unit, compiled in found:
            unit.compiled = compiled

    def _compile(self, units: Sequence[_Unit], filtered: str) -> None:
        """Compile what is not known, or was under other filters."""
        filters: list[Filter] | None = None
        for unit in units:
            known = unit.compiled
            if known and (known.filtered == filtered or not known.rules):
                continue
            if filters is None:
                filters = _filters(units)
            self._bind(unit, filters, filtered)

    def _bind(self, unit: _Unit, filters: Sequence[Filter], filtered: str) -> None:
        from engine.compile import bound

        unit.compiled, unit.sigmas = bound(unit.read(), filters, self._pipelines(), filtered)
        if self._volume:
            try:
                self._volume.put(unit.key, encode_compiled(unit.compiled))
            except EncodeError:
                return  # it is compiled each time: rare, and nothing is lost but time

    def _link(
        self, units: Sequence[_Unit], named: Sequence[tuple[_Unit, int, Named]], filtered: str
    ) -> None:
        """Find out what the correlations became, unless it is known of just these files."""
        if not any(unit.compiled and unit.compiled.correlations for unit in units):
            self._linked, self._link_key = Linked(), ""
            return
        parts = [part for unit in units for part in (unit.file, unit.ruleset, unit.key)]
        key = f"correlations-{_hash(*parts, filtered)}"
        if key == self._link_key:
            return
        self._link_key = key
        if self._volume and (text := self._volume.get(key)):
            try:
                self._linked = decode_linked(text)
                return
            except DecodeError as error:
                self._distrust(error)
        self._linked = self._resolve(units, named, filtered)
        if self._volume:
            try:
                self._volume.put(key, encode_linked(self._linked))
            except EncodeError:
                return  # as for a file

    def _resolve(
        self, units: Sequence[_Unit], named: Sequence[tuple[_Unit, int, Named]], filtered: str
    ) -> Linked:
        from engine.correlate.resolve import Known, resolve

        def sigma_of(unit: _Unit, number: int) -> Callable[[], SigmaRule]:
            return lambda: self._sigma(unit, number, units, filtered)

        holders = [unit for unit in units if unit.compiled and unit.compiled.correlations]
        drafts = [draft for unit in holders for draft in unit.read().drafts]
        known = [Known(n.rule, n.name, sigma_of(unit, number)) for unit, number, n in named]
        return resolve(drafts, known, self._pipelines())

    def _sigma(self, unit: _Unit, number: int, units: Sequence[_Unit], filtered: str) -> SigmaRule:
        """pySigma's rule, as filters and pipelines left it; compiled again where it was known."""
        if not unit.sigmas:
            from engine.compile import bound

            _, unit.sigmas = bound(unit.read(), _filters(units), self._pipelines(), filtered)
        return unit.sigmas[number]

    def _shaped(self) -> bool:
        return bool(self._pipelines())

    def _distrust(self, error: DecodeError) -> None:
        assert self._volume is not None
        self._volume.clear()
        if self._report:
            self._report(Problem("rule-cache", f"is not used, and made anew: {error}"))


def _filters(units: Sequence[_Unit]) -> list[Filter]:
    return [item for unit in units if unit.filters() for item in unit.read().filters]


def _together(units: Sequence[_Unit]) -> tuple[RuleSet, list[tuple[_Unit, int, Named]]]:
    """What all files hold, each id once, and where each rule stands among its file's."""
    found = RuleSet(files=len(units))
    named: list[tuple[_Unit, int, Named]] = []
    owners: dict[str, str] = {}
    outcomes = [(unit, unit.compiled or Compiled()) for unit in units]
    for _, compiled in outcomes:
        found.refused.extend(compiled.refused)
        found.filters += len(compiled.filters)
    for unit, compiled in outcomes:
        for number, item in enumerate(compiled.rules):
            if isinstance(item, RuleError):
                found.refused.append(item)
            elif item.rule.id in owners:
                reason = f"id {item.rule.id} is already taken by {owners[item.rule.id]}"
                found.refused.append(RuleError(reason, file=unit.file, field="id"))
            else:
                owners[item.rule.id] = unit.file
                named.append((unit, number, item))
    found.refused.extend(_idle(outcomes))
    return found, named


def _idle(outcomes: Sequence[tuple[_Unit, Compiled]]) -> Iterator[RuleError]:
    """The filters that do less than they say, each with the reason."""
    scopes = [(unit.file, scope) for unit, compiled in outcomes for scope in compiled.filters]
    if not scopes:
        return
    names = {name for _, compiled in outcomes for name in compiled.names}
    applied = {place for _, compiled in outcomes for place in compiled.applied}
    for place, (file, scope) in enumerate(scopes):
        if error := scope.idle(file, names, applied=place in applied):
            yield error


def _hash(*parts: str) -> str:
    """A hash of texts in their order; none of no texts."""
    whole = "\0".join(parts)
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest() if parts else ""
