"""Whether two loads found the same."""

from __future__ import annotations

from engine.rule import RuleSet


def same(found: RuleSet, wanted: RuleSet) -> None:
    """Both have equal rules, of the same types throughout, and refused the same."""
    assert found.rules == wanted.rules
    assert repr(found.rules) == repr(wanted.rules)  # 1, 1.0 and True are equal
    assert found.correlations == wanted.correlations
    assert repr(found.correlations) == repr(wanted.correlations)
    assert [vars(error) for error in found.refused] == [vars(error) for error in wanted.refused]
    counts = (found.unwanted, found.filters, found.files)
    assert counts == (wanted.unwanted, wanted.filters, wanted.files)
