"""Sigma filters: what they exclude from other rules, and which of them are wrong themselves.

pySigma finds out that a filter is wrong only in the rules that it changed, and blames these.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from engine.blame import blame, refusal
from engine.compiled import Scope
from engine.errors import RuleError
from engine.match.translate import UnfilledError, UntranslatableError, translate
from engine.yaml_text import Documents


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter with the file it stands in."""

    sigma: SigmaFilter
    documents: Documents

    def fault(self, *, shaped: bool) -> RuleError | None:
        """Why no rule could be evaluated with it, if that is so.

        When rules are `shaped` by pipelines, these may give its placeholders their values.
        """
        try:
            for condition in deepcopy(self.sigma.filter).parsed_condition:
                translate(condition.parsed)
        except (SigmaError, UntranslatableError) as error:
            if not (shaped and isinstance(error, UnfilledError)):
                return blame(error, self.documents, self.sigma.title)
        return None

    def apply(self, rule: SigmaRule) -> bool:
        """Change the rule by the filter; False, and nothing changes, when it is for others."""
        detection = rule.detection
        condition, known = list(detection.condition), set(detection.detections)
        self.sigma.apply_on_rule(rule)
        # a copy of what it added, since pipelines will change that with the rule
        for name in detection.detections.keys() - known:
            detection.detections[name] = deepcopy(detection.detections[name])
        return detection.condition != condition

    def scope(self) -> Scope:
        """Which rules it says it is for, by which it is known whether it does less than that."""
        named = self.sigma.filter.rules
        rules = [] if isinstance(named, str) else [str(rule.reference) for rule in named]
        written = self.documents.titled(self.sigma.title)
        error = refusal("", self.documents, written, "filter", None)
        return Scope(error.message, error.line, tuple(rules))
