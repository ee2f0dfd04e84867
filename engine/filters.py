"""Sigma filters: what they exclude from other rules, and whether they do so at all.

pySigma finds out that a filter is wrong only in the rules that it changed, and blames these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from engine.blame import blame, refusal
from engine.errors import RuleError, nearest_name
from engine.match.translate import UnfilledError, UntranslatableError, translate
from engine.yaml_text import Documents


@dataclass(slots=True)
class Filter:
    """A filter with the file it stands in, and whether it applied to any rule."""

    sigma: SigmaFilter
    documents: Documents
    applied: bool = False

    def fault(self, *, shaped: bool) -> RuleError | None:
        """Why no rule could be evaluated with it, if that is so.

        When rules are `shaped` by pipelines, these may give its placeholders their values.
        """
        try:
            for condition in self.sigma.filter.parsed_condition:
                translate(condition.parsed)
        except (SigmaError, UntranslatableError) as error:
            if not (shaped and isinstance(error, UnfilledError)):
                return blame(error, self.documents, self.sigma.title)
        return None

    def apply(self, rule: SigmaRule) -> SigmaRule:
        """The rule with the filter; unchanged when it is for others."""
        before = list(rule.detection.condition)
        # a copy, since pipelines will change the parts of the filter with those of the rule
        changed = deepcopy(self.sigma).apply_on_rule(rule)
        assert isinstance(changed, SigmaRule)
        self.applied = self.applied or changed.detection.condition != before
        return changed

    def idle(self, known: Iterable[str]) -> RuleError | None:
        """Why it does less than it says: it names rules (by id or name) that are not there."""
        named = self.sigma.filter.rules
        references = [] if isinstance(named, str) else [rule.reference for rule in named]
        names = set(known)
        missing = next((name for name in references if name not in names), None)
        if missing is not None:
            error = self._refusal(f"refers to {missing!r}, which is not loaded")
            error.nearest = nearest_name(missing, names)
            return error
        return None if self.applied else self._refusal("applies to no rule that is loaded")

    def _refusal(self, message: str) -> RuleError:
        written = self.documents.titled(self.sigma.title)
        return refusal(message, self.documents, written, "filter", None)


def sound(filters: Sequence[Filter], refused: list[RuleError], *, shaped: bool) -> list[Filter]:
    """Those that can be applied; the faults of the others are put to the refused."""
    good = []
    for item in filters:
        if fault := item.fault(shaped=shaped):
            refused.append(fault)
        else:
            good.append(item)
    return good
