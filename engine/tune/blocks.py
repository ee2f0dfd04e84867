"""Building blocks: rules that make no alert of their own, and only feed correlations."""

from __future__ import annotations

from dataclasses import replace

from engine.rule import Rule, RuleSet
from engine.tune.entries import Tuning, is_block


def silenced(found: RuleSet, tuning: Tuning) -> None:
    """Take the voice from the building blocks among the rules of a set, correlations included."""
    found.rules[:] = [_silent(rule, tuning) for rule in found.rules]
    found.correlations[:] = [
        correlation if rule is correlation.rule else replace(correlation, rule=rule)
        for correlation in found.correlations
        if (rule := _silent(correlation.rule, tuning))
    ]


def _silent(rule: Rule, tuning: Tuning) -> Rule:
    return replace(rule, output=False) if rule.output and is_block(rule, tuning) else rule
