"""Gathering the figures of a report from the store, the ledger and the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from engine.errors import VedetteError
from engine.feedback.verdict import KIND
from engine.feedback.verdict import projected as verdicts_of
from engine.ledger import gaps
from engine.rule import Rule
from vedette import incidents
from vedette.digest.figures import Figures
from vedette.places import opened_ledger
from vedette.settings import Settings
from vedette.stored import Stored, opened
from vedette.wiring import rules_of


def collect(settings: Settings, since: datetime, until: datetime) -> Figures:
    """What the configured store has of a time. Raises what reading raises."""
    with opened(settings) as store:
        figures = of_store(store, since, until)
    with incidents.opened(settings) as kept:
        figures.incidents = incidents.changed(kept, since)
    ledger = opened_ledger(settings)
    try:
        found = gaps(ledger.notes(gaps=True))
        figures.gaps = Counter(gap.state for gap in found)
    finally:
        ledger.close()
    figures.rules = _rules(settings)
    return figures


def of_store(store: Stored, since: datetime, until: datetime) -> Figures:
    """The alerts, verdicts and what was held back."""
    figures = Figures(since, until, store.place)
    for document in store.alerts.written(since, until):
        figures.add(document)
    figures.before = sum(1 for _ in store.alerts.written(since - (until - since), since))
    figures.hold(store.actions.read(since))
    figures.judge(verdicts_of(store.actions.read(kind=KIND)))
    return figures


def _rules(settings: Settings) -> Sequence[Rule]:
    """The rules in force, each once; none where they cannot be loaded: a report is no check."""
    try:
        sets = rules_of(settings).values()
    except VedetteError:
        return ()
    return list({rule.id: rule for rules in sets for rule in rules.rules}.values())
