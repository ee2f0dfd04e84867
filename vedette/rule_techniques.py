"""What rules may be about besides what their tags say: their texts, asked of the mapper."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from engine.incident.step import Proposed, step_of, together
from engine.rule import Rule
from mitre.catalog import Catalog
from vedette.lazy_mapper import LazyMapper

if TYPE_CHECKING:
    from mitre.mapper import Mapper

FEWEST = 50
"""Rules from which on they are asked: fewer know too little of each other."""

MOST = 1_000
"""Rules up to which they are asked in hunts and runs.

To learn from SigmaHQ's 3,141 takes some 19 seconds of CPU at the first alert, and 820 MB: more than
an alert may wait, and than a process may have.
"""

TOLD = 5
"""Answers for each text of a rule that are looked at."""

LEAST = 0.1
"""The confidence from which an answer is evidence at all."""


class RuleProposals:
    """Says of a rule, by its id, what the other rules make of its texts.

    It is asked about the title and description, and about the values that it looks for, as if it
    were not known; of each technique the surest answer counts, and those of its tags are left out.
    A rule is asked about once, when its first alert comes, and the mapper is made then. Nothing is
    proposed where there are more rules than `most`, or no mapper. One thread may ask while
    another has other rules adopted.
    """

    def __init__(self, mapper: LazyMapper, most: int = MOST) -> None:
        self._mapper, self._most = mapper, most
        self._lock = Lock()
        self._take()

    def adopt(self, rules: Sequence[Rule]) -> None:
        """Go on with other rules, and the mapper, too."""
        with self._lock:
            self._mapper.adopt(rules)
            self._take()

    def _take(self) -> None:
        self._rules = {rule.id: rule for rule in self._mapper.rules}
        self._known: dict[str, tuple[Proposed, ...]] = {}
        self._asks = FEWEST <= len(self._rules) <= self._most

    def __call__(self, rule: str) -> Sequence[Proposed]:
        """Techniques, the surest first; none for what is no rule of these."""
        with self._lock:
            return self._of(rule)

    def _of(self, rule: str) -> Sequence[Proposed]:
        if not self._asks or rule not in self._rules:
            return ()
        if rule not in self._known:
            mapper = self._mapper()
            if mapper is None:
                return ()
            self._known[rule] = self._asked(mapper, self._rules[rule])
        return self._known[rule]

    def _asked(self, mapper: Mapper, rule: Rule) -> tuple[Proposed, ...]:
        from vedette.mapper_texts import rule_examples, source_of, told

        (example,) = rule_examples([rule], Catalog.load())
        _, fields = told(example)
        found = [
            *mapper.rank(example.prose, view="prose", k=TOLD, least=LEAST, without=rule.id),
            *mapper.rank(
                example.values, view="event", logsource=source_of(rule), fields=fields,
                k=TOLD, least=LEAST, without=rule.id,
            ),
        ]  # fmt: skip
        return together(
            (),
            (
                Proposed(step_of(each.technique, each.name, each.tactics), each.confidence)
                for each in found
                if each.technique not in example.techniques
            ),
        )
