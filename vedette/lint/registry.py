"""The checks, each a function with a name, a severity and the reason why it exists.

A check is a function under `of_rule`, `of_file` or `of_set`. Its docstring says in one line what
it finds and, after an empty one, why that matters; both are shown to users.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from engine.errors import InputError, nearest_name
from vedette.lint import checks as package
from vedette.lint.document import Document, RuleFile
from vedette.lint.finding import Found, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

Placed = tuple[RuleFile, Document | None, Found]
"""A finding with the file, and the rule in it, that it is about."""

RuleCheck = Callable[[Document], Iterator[Found]]
FileCheck = Callable[[RuleFile], Iterator[Found]]
SetCheck = Callable[[Sequence[RuleFile]], Iterator[Placed]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `refusal`: what it finds also keeps the rule from loading, so that the
    engine's own words about the same rule need not be repeated."""

    id: str
    severity: Severity
    summary: str
    why: str
    family: str
    run: SetCheck
    refusal: bool = False


_CHECKS: dict[str, Check] = {}
RULES = frozenset({"rule"})
WITH_CORRELATIONS = frozenset({"rule", "correlation"})
ALL = frozenset({"rule", "correlation", "filter"})


def of_rule(
    id: str,
    severity: Severity,
    *,
    refusal: bool = False,
    kinds: frozenset[str] = RULES,
) -> Callable[[RuleCheck], RuleCheck]:
    """Register a check that looks at one rule; `kinds` are those of `Document.kind`."""

    def register(function: RuleCheck) -> RuleCheck:
        def run(files: Sequence[RuleFile]) -> Iterator[Placed]:
            for file in files:
                for document in file.documents:
                    if document.kind in kinds:
                        for found in function(document):
                            yield file, document, found

        _add(function, id, severity, run, refusal)
        return function

    return register


def of_file(
    id: str, severity: Severity, *, refusal: bool = False
) -> Callable[[FileCheck], FileCheck]:
    """Register a check that looks at the text or the name of one file."""

    def register(function: FileCheck) -> FileCheck:
        def run(files: Sequence[RuleFile]) -> Iterator[Placed]:
            for file in files:
                for found in function(file):
                    yield file, file.document_at(found.line), found

        _add(function, id, severity, run, refusal)
        return function

    return register


def of_set(id: str, severity: Severity) -> Callable[[SetCheck], SetCheck]:
    """Register a check that compares rules with each other."""

    def register(function: SetCheck) -> SetCheck:
        _add(function, id, severity, function, refusal=False)
        return function

    return register


def _add(
    function: Callable[..., object],
    id: str,
    severity: Severity,
    run: SetCheck,
    refusal: bool,
) -> None:
    if id in _CHECKS:
        raise ValueError(f"two checks are called {id}")
    summary, _, why = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    family = function.__module__.rpartition(".")[2].replace("_", " ")
    _CHECKS[id] = Check(id, severity, summary, " ".join(why.split()), family, run, refusal)


@cache
def checks() -> tuple[Check, ...]:
    """Every check, by family and then in the order they are written."""
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_CHECKS.values(), key=lambda check: check.family))


def chosen(ignored: Iterable[str]) -> list[Check]:
    """All checks but those ignored. Raises `InputError` for a name that no check has."""
    known = {check.id: check for check in checks()}
    for name in ignored:
        if name not in known:
            nearest = nearest_name(name, known)
            raise InputError(f"no check is called {name!r}", field="--ignore", nearest=nearest)
        del known[name]
    return list(known.values())
