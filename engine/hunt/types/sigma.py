"""Sigma: a rule, or a collection with its correlations, over a span of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from engine.correlate.correlator import Correlator
from engine.correlate.value import moment
from engine.detect import Detector
from engine.errors import VedetteError
from engine.hunt import keys
from engine.hunt.keys import Key, KeyProblem
from engine.hunt.row import Finding
from engine.hunt.type import Given, HuntType, Run
from engine.load import load_rules
from engine.rule import Rule, RuleSet, Selection


@dataclass(frozen=True)
class Sigma(HuntType):
    """Every match of Sigma rules."""

    set: RuleSet
    context: int

    name: ClassVar[str] = "sigma"
    summary: ClassVar[str] = "a Sigma rule, or a collection of them, over a span of time"
    where: ClassVar[str] = "in-process"
    grouped: ClassVar[bool] = False
    keys: ClassVar[tuple[Key, ...]] = (
        Key("rules", keys.TEXTS, "Files and folders of Sigma rules, from this file's folder on."),
        Key("min_level", keys.LEVEL, "Only rules of this level or above."),
        Key("only_tags", keys.TEXTS, "Only rules with one of these tags.", default=()),
    )

    @classmethod
    def of(cls, given: Given) -> Sigma:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        paths, select = given.options["rules"], Selection(
            min_level=given.options["min_level"],
            tags=frozenset(t.lower().removeprefix("attack.") for t in given.options["only_tags"]),
        )  # fmt: skip
        if (paths is None) == (not given.filtered):
            raise KeyProblem("asks for a detection of its own, or for rules: one of them",
                             "rules, or logsource and detection", path=("rules",))  # fmt: skip
        if paths is None:
            return cls(RuleSet(), 0)
        try:
            found = load_rules([given.folder / path for path in paths], select=select)
        except VedetteError as error:
            raise KeyProblem(str(error), path=("rules",)) from error
        if found.refused:
            raise KeyProblem(str(found.refused[0]), path=("rules",))
        if not len(found):
            raise KeyProblem("names no rule that is wanted", path=("rules",))
        context = max((each.span for each in found.correlations), default=0)
        return cls(found, 2 * context)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of its collection."""
        return tuple(self.set.rules)

    def reach(self) -> int:
        """How far its correlations look back."""
        return self.context

    def findings(self, run: Run) -> Iterator[Finding]:
        """Each match, then what correlations find in them."""
        own = [replace(run.hunt.filter, level=run.hunt.level)] if run.hunt.filter else []
        detector = Detector(self.set.rules or own, run.report)
        correlator = Correlator.of(self.set, run.report)
        for row in run.rows(run.span.before(self.context)):
            matches = run.counted(row, detector.match(row.event))
            if not matches:
                continue
            if correlator:
                correlator.add(row.event, row.id, matches, moment(run.span.end))
            for match in matches:
                if match.rule.output and row.time in run.span:
                    yield Finding((match.rule.id, row.id), row.time, row.time, match.rule.title,
                                  rows=(row,), total=1, match=match)  # fmt: skip
        for found in correlator.finish() if correlator else ():
            if found.time in run.span:
                yield Finding(
                    (found.correlation.rule.id, *found.group, found.by), found.time, found.time,
                    found.correlation.rule.title, found=found,
                )  # fmt: skip


TYPE = Sigma
