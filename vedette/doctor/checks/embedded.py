"""What is on this machine: the rules, and the store when it is a file."""

from __future__ import annotations

import os
from collections.abc import Iterator

from connectors.sqlite.trial import try_writing
from engine.errors import VedetteError
from engine.rule import RuleSet
from vedette.doctor.finding import Finding, fail, ok, warn
from vedette.doctor.patient import Patient
from vedette.doctor.registry import check

SHOWN = 3


@check("rules", 1)
def rules(patient: Patient) -> Iterator[Finding]:
    """Do the rules load?"""
    try:
        found = patient.rules
    except VedetteError as error:
        yield fail(str(error), "vedette rules check says what is wrong")
        return
    several = bool(patient.settings.pipelines)
    for name, rules in found.items():
        yield from _loaded(rules, f"pipeline {name}" if several else "")


def _loaded(rules: RuleSet, whose: str) -> Iterator[Finding]:
    """How the rules of one pipeline have loaded."""
    for refusal in rules.refused[:SHOWN]:
        told = f"refused: {refusal}"
        yield warn(told, "put the rule right; the others go on", subject=whose)
    if len(rules.refused) > SHOWN:
        told = f"{len(rules.refused) - SHOWN:,} more rules refused"
        yield warn(told, "vedette rules list", subject=whose)
    yield ok(f"{len(rules):,} rules load from {rules.files:,} files", subject=whose)


@check("store", 2)
def store(patient: Patient) -> Iterator[Finding]:
    """Can the file that keeps alerts and checkpoints be written?"""
    if patient.settings.store != "sqlite":
        return
    file = patient.settings.output.sqlite
    if file.exists():
        try_writing(file)
        yield ok(f"{file} takes writes")
        return
    above = next(each for each in file.parents if each.exists())
    if os.access(above, os.W_OK | os.X_OK):
        yield ok(f"{file} will be made by the first run")
    else:
        yield fail(f"{file} cannot be made: {above} is not writable", "set state.dir")
