"""The checks that there are, what each needs, and how they are run."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal

from connectors.search.survey import DeniedError
from engine.errors import SourceError, VedetteError
from vedette.doctor import checks
from vedette.doctor.finding import Finding, fail, skipped, warn
from vedette.doctor.patient import Patient
from vedette.settings import SearchSource

Look = Callable[[Patient], Iterator[Finding]]

LookAtSource = Callable[[Patient, SearchSource], Iterator[Finding]]

Needs = Literal["nothing", "cluster"]

REACHABLE = "reachable"
"""The check whose failure leaves all others that need the cluster without an answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check: the first line of its function's docstring says what it asks."""

    name: str
    needs: Needs
    look: Look
    place: int

    @property
    def asks(self) -> str:
        """The question in words."""
        return (self.look.__doc__ or "").strip().splitlines()[0]


_CHECKS: dict[str, Check] = {}


def check(name: str, place: int, *, needs: Needs = "nothing") -> Callable[[Look], Look]:
    """Register a check; `place` orders them."""

    def register(look: Look) -> Look:
        _CHECKS[name] = Check(name, needs, look, place)
        return look

    return register


def every() -> list[Check]:
    """All checks, in their order."""
    for module in pkgutil.iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{module.name}")
    return sorted(_CHECKS.values(), key=lambda found: found.place)


def examine(patient: Patient) -> Iterator[Finding]:
    """What every check finds, one after another."""
    away = False
    for each in every():
        if each.needs == "cluster" and patient.settings.cluster is None:
            continue
        if each.needs == "cluster" and away:
            yield replace(skipped("the cluster is not reached"), check=each.name)
            continue
        for found in answers(each, patient):
            away = away or (each.name == REACHABLE and found.state == "fail")
            yield replace(found, check=each.name)


def answers(each: Check, patient: Patient) -> Iterator[Finding]:
    """One check's findings; an error on the way is one too."""
    try:
        yield from each.look(patient)
    except VedetteError as error:
        yield met(error)


def met(error: VedetteError, *, subject: str = "") -> Finding:
    """What an error on the way to an answer says."""
    if isinstance(error, DeniedError):
        remedy = "let this user ask for it (vedette setup --role), or look yourself"
        return warn(str(error), remedy, subject=subject)
    return fail(str(error), "put that right first", subject=subject)


def of_each_source(name: str, place: int) -> Callable[[LookAtSource], LookAtSource]:
    """Register a check of each search source by itself; an error ends that of one source alone."""

    def register(look: LookAtSource) -> LookAtSource:
        def whole(patient: Patient) -> Iterator[Finding]:
            for source in patient.searches:
                try:
                    for found in look(patient, source):
                        yield replace(found, subject=source.name)
                except SourceError as error:
                    yield met(error, subject=source.name)

        whole.__doc__ = look.__doc__
        check(name, place, needs="cluster")(whole)
        return look

    return register
