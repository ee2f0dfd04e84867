"""Rule files and what became of them, so that only what is new to it has to be compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
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
from engine.rule import Rule, RuleSet, Selection
from engine.rule_files import read_rule_file, rule_files
from engine.tune.blocks import silenced
from engine.tune.entries import strangers
from engine.tune.exempt import unused
from engine.tune.shelf import Shelf
from engine.unit import Unit

if TYPE_CHECKING:  # pySigma is slow to import, and not needed where everything is known
    from sigma.processing.pipeline import ProcessingPipeline
    from sigma.rule import SigmaRule

    from engine.filters import Filter
    from engine.tune.entries import Tuning
    from engine.tune.exempt import Exempt

Pipelines = Callable[[], Sequence["ProcessingPipeline"]]
"""Reads the user's pipelines, where they are needed."""


class Library:
    """The rules under some paths, loaded as often as asked; what has not changed is kept.

    `volume` has what earlier processes found out, and takes in what the first load does, to be
    kept by the caller; `report` is told when it cannot be believed. `shelf` has the tuning that
    stands in other files.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        pipelines: Pipelines = tuple,
        *,
        volume: Volume | None = None,
        report: Report | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._paths = tuple(paths)
        self._shelf = shelf or Shelf(pipelines=pipelines)
        self._pipelines = pipelines
        self._volume = volume
        self._report = report
        self._units: dict[str, Unit] = {}
        self._looked = False
        self._linked = Linked()
        self._link_key = ""
        self.besides: Sequence[Rule] = ()
        """What exceptions may be for besides the rules here: hunts."""
        self._exempts: dict[str, tuple[str, Sequence[Exempt]]] = {}

    def load(self, select: Selection | None = None) -> RuleSet:
        """All rules as their files are now. Raises `InputError` for a path that is not there."""
        self.refresh()
        return self.select(select or Selection())

    def select(self, select: Selection) -> RuleSet:
        """The rules as they were at the last look, and which of them are wanted."""
        found, named = _together(self._units.values())
        sort_out(found, self._linked, [item.rule for _, _, item in named], select)
        tuning = self._shelf.tuning()
        found.refused.extend(self._shelf.errors)
        known = [item.rule for _, _, item in named]
        meant = [*known, *self.besides]
        found.warnings = [*unused(tuning.exceptions, meant), *strangers(tuning, meant)]
        silenced(found, tuning)
        found.tuning = tuning if tuning else None
        return found

    def sigmas(self) -> Iterator[tuple[Rule, Callable[[], SigmaRule]]]:
        """The rules as they were at the last look, with what makes pySigma's rule of each anew.

        Filters and the user's pipelines are applied to it, nothing that says where its events are.
        """
        units = list(self._units.values())
        filtered = _hash(*(unit.mark for unit in units if unit.filters()))
        for unit, number, item in _together(units)[1]:
            yield item.rule, partial(self._sigma, unit, number, units, filtered)

    def settle(self) -> None:
        """Let go of what pySigma made."""
        for unit in self._units.values():
            unit.forget()

    @property
    def tuning(self) -> Tuning:
        """The tuning as it was at the last look."""
        return self._shelf.tuning()

    @property
    def others(self) -> list[Path]:
        """The files that count besides those under the paths: of the tuning, and lists."""
        return self._shelf.paths

    def refresh(self, *, keep: bool = False) -> bool:
        """Look at the files again, and compile what is new; whether anything is.

        With `keep`, a rule that was right at the last look, and is wrong now, stays as it was.
        Raises `InputError` for a path that is not there; then all is as it was.
        """
        units = list(self._look(keep=keep))
        fresh = [unit for unit in units if self._units.get(unit.file) is not unit]
        tuned = self._shelf.refresh()
        if self._looked and not fresh and len(units) == len(self._units):
            return tuned
        self._recall(units)
        changed = [unit for unit in fresh if keep and unit.file in self._units]
        for unit in changed:
            self._fell(unit)
        filtered = self._compile(units, keep=keep)
        again = [self._fell_bound(unit) for unit in changed]
        if any(again):
            filtered = self._compile(units, keep=keep)
        self._link(units, filtered)
        again = [self._fell_apart(unit) for unit in changed]
        if any(again):
            self._link(units, self._compile(units, keep=keep))
        holders = [unit for unit in units if unit.compiled and unit.compiled.exceptions]
        self._shelf.hold([each for unit in holders for each in self._exceptions_of(unit)])
        for unit in units:
            unit.forget()
        self._units = {unit.file: unit for unit in units}
        self._volume, self._looked = None, True
        return True

    def _exceptions_of(self, unit: Unit) -> Sequence[Exempt]:
        """A file's exceptions; the very ones of the last look where it is the same."""
        known = self._exempts.get(unit.file)
        if known is None or known[0] != unit.mark:
            self._exempts[unit.file] = unit.mark, unit.read().exceptions
        return self._exempts[unit.file][1]

    def _look(self, *, keep: bool) -> Iterator[Unit]:
        """Each file as it is now, by its bytes; an unchanged one with what is known of it."""
        for path, ruleset in rule_files(self._paths):
            file = str(path)
            try:
                unit = Unit.of(file, ruleset, read_rule_file(path), self._shaped)
            except RuleError as error:
                unit = Unit.unreadable(error, file, ruleset)
                if keep and path.is_dir():  # what is in it cannot be seen, and stays
                    yield from (u for u in self._units.values() if path in Path(u.file).parents)
            known = self._units.get(file)
            same = known and known.key == unit.key and known.ruleset == ruleset
            yield known if known and same else unit

    def _recall(self, units: Sequence[Unit]) -> None:
        """Take from the volume what it knows, all of it or nothing."""
        if self._volume is None:
            return
        found: list[tuple[Unit, Compiled]] = []
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

    def _fell(self, unit: Unit) -> bool:
        """Whether something cannot be read that could be before, which then stays in force."""
        from engine.fallback import fall_back, sound_in

        before = self._units[unit.file]
        if unit.compiled is not None:
            return fall_back(unit, before, unit.compiled.refused)
        wrong = [item for item in unit.read().items if isinstance(item, RuleError)]
        return bool(wrong) and fall_back(unit, before, wrong, sound_in(unit.read()))

    def _fell_bound(self, unit: Unit) -> bool:
        """The same of what was read and means nothing."""
        from engine.fallback import fall_back, sound_in

        assert unit.compiled is not None
        wrong = [item for item in unit.compiled.rules if isinstance(item, RuleError)]
        if not wrong:
            return False
        sound = sound_in(unit.read(), unit.compiled)
        return fall_back(unit, self._units[unit.file], wrong, sound)

    def _fell_apart(self, unit: Unit) -> bool:
        """The same of correlations that do not find their rules."""
        from engine.fallback import fall_back, key_of, sound_in

        wrong = [error for error in self._linked.refused if error.file == unit.file]
        if not wrong:
            return False
        made = {id(correlation.rule.document) for correlation in self._linked.correlations}
        lost = {key_of(d.written) for d in unit.read().drafts if id(d.written) not in made}
        return fall_back(unit, self._units[unit.file], wrong, sound_in(unit.read()) - lost)

    def _compile(self, units: Sequence[Unit], *, keep: bool) -> str:
        """Compile what is not known, or was under other filters; these as one text."""
        filtered = _hash(*(unit.mark for unit in units if unit.filters()))
        filters: list[Filter] | None = None
        for unit in units:
            known = unit.compiled
            if known and (known.filtered == filtered or not known.rules):
                continue
            if filters is None:
                filters = _filters(units)
            self._bind(unit, filters, filtered)
            if keep and known:
                _stay(unit, known)
        return filtered

    def _bind(self, unit: Unit, filters: Sequence[Filter], filtered: str) -> None:
        from engine.compile import bound

        unit.compiled, unit.sigmas = bound(unit.read(), filters, self._pipelines(), filtered)
        if self._volume:
            try:
                self._volume.put(unit.key, encode_compiled(unit.compiled))
            except EncodeError:
                return  # it is compiled each time: rare, and nothing is lost but time

    def _link(self, units: Sequence[Unit], filtered: str) -> None:
        """Find out what the correlations became, unless it is known of just these files."""
        if not any(unit.compiled and unit.compiled.correlations for unit in units):
            self._linked, self._link_key = Linked(), ""
            return
        parts = [part for unit in units for part in (unit.file, unit.ruleset, unit.mark)]
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
        self._linked = self._resolve(units, filtered)
        if self._volume:
            try:
                self._volume.put(key, encode_linked(self._linked))
            except EncodeError:
                return  # as for a file

    def _resolve(self, units: Sequence[Unit], filtered: str) -> Linked:
        from engine.correlate.resolve import Known, resolve

        def sigma_of(unit: Unit, number: int) -> Callable[[], SigmaRule]:
            return lambda: self._sigma(unit, number, units, filtered)

        _, named = _together(units)
        holders = [unit for unit in units if unit.compiled and unit.compiled.correlations]
        drafts = [draft for unit in holders for draft in unit.read().drafts]
        known = [Known(n.rule, n.name, sigma_of(unit, number)) for unit, number, n in named]
        return resolve(drafts, known, self._pipelines())

    def _sigma(self, unit: Unit, number: int, units: Sequence[Unit], filtered: str) -> SigmaRule:
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


def _filters(units: Sequence[Unit]) -> list[Filter]:
    return [item for unit in units if unit.filters() for item in unit.read().filters]


def _stay(unit: Unit, known: Compiled) -> None:
    """Leave the rules as they were that other filters have made wrong."""
    assert unit.compiled is not None
    rules = list(unit.compiled.rules)
    for number, (now, before) in enumerate(zip(rules, known.rules, strict=True)):
        if isinstance(now, RuleError) and isinstance(before, Named):
            rules[number] = before
            unit.broken += (now,)
            unit.kept += (before.rule.title,)
    unit.compiled = replace(unit.compiled, rules=tuple(rules))


def _together(units: Iterable[Unit]) -> tuple[RuleSet, list[tuple[Unit, int, Named]]]:
    """What all files hold, each id once, and where each rule stands among its file's."""
    outcomes = [(unit, unit.compiled or Compiled()) for unit in units]
    found = RuleSet(files=len(outcomes))
    named: list[tuple[Unit, int, Named]] = []
    owners: dict[str, str] = {}
    for unit, compiled in outcomes:
        found.refused.extend((*unit.broken, *compiled.refused))
        found.filters += len(compiled.filters)
        found.kept.extend(f"{unit.file}: {title}" for title in unit.kept)
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


def _idle(outcomes: Sequence[tuple[Unit, Compiled]]) -> Iterator[RuleError]:
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
