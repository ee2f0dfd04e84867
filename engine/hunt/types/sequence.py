"""Sequence: events of several kinds, one after the other, within a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from engine.correlate.measure import RulesInOrder
from engine.detect import Detector
from engine.hunt import keys
from engine.hunt.groups import groups
from engine.hunt.keys import Key, KeyProblem, Kind, written
from engine.hunt.model import width
from engine.hunt.row import Finding, Group, Row
from engine.hunt.sliding import Sliding
from engine.hunt.type import Given, HuntType, Run
from engine.hunt.windows import found_in
from engine.rule import Rule

STEP_KEYS = frozenset({"name", "logsource", "detection", "group_by"})
MOST = 16
"""Steps of a sequence."""


@dataclass(frozen=True)
class Step:
    """A kind of event, and the fields that say whose it is."""

    name: str
    rule: Rule
    group_by: tuple[str, ...]


def _steps(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not 2 <= len(value) <= MOST:
        raise KeyProblem("is no list of steps", f"2 to {MOST} steps, each with a detection")
    for number, step in enumerate(value):
        if not isinstance(step, Mapping) or not isinstance(step.get("detection"), Mapping):
            raise KeyProblem("has no detection", "a Sigma detection", path=(number,))
        if unknown := step.keys() - STEP_KEYS:
            from engine.errors import nearest_name

            name = min(map(str, unknown))
            raise KeyProblem(f"unknown key {name!r} of a step", path=(number, name),
                             nearest=nearest_name(name, STEP_KEYS))  # fmt: skip
        keys.text(step.get("name", "step"))
        if "group_by" in step:
            keys.field_names(step["group_by"])
    return value


STEPS = Kind(
    _steps,
    {
        "type": "array",
        "minItems": 2,
        "maxItems": MOST,
        "items": {
            "type": "object",
            "required": ["detection"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "logsource": {"type": "object"},
                "detection": {"type": "object"},
                "group_by": keys.FIELDS.schema,
            },
        },
    },
)


@dataclass(frozen=True)
class Sequence(HuntType):
    """Steps in their order within a time."""

    fields: tuple[str, ...]
    steps: tuple[Step, ...]
    within: timedelta

    name: ClassVar[str] = "sequence"
    summary: ClassVar[str] = "events of several kinds, one after the other, within a time"
    where: ClassVar[str] = "in-process"
    filtered: ClassVar[bool] = False
    keys: ClassVar[tuple[Key, ...]] = (
        Key("steps", STEPS, "The kinds of events in their order, each a Sigma detection.",
            required=True),
        Key("within", keys.DURATION, "The time from the first step to the last.", required=True),
    )  # fmt: skip

    @classmethod
    def of(cls, given: Given) -> Sequence:
        """The type with a hunt's own values. Raises `KeyProblem`."""
        steps = []
        for number, step in enumerate(given.options["steps"]):
            fields = keys.field_names(step["group_by"]) if "group_by" in step else given.group_by
            if len(fields) != len(given.group_by):
                raise KeyProblem("has other than as many fields as the hunt's group_by",
                                 f"{len(given.group_by)} fields",
                                 path=("steps", number, "group_by"))  # fmt: skip
            try:
                rule = given.compile(step, "steps")
            except KeyProblem as problem:
                where = "logsource" if problem.path == ("logsource",) else "detection"
                raise KeyProblem(problem.message, problem.expected, nearest=problem.nearest,
                                 path=("steps", number, where)) from problem  # fmt: skip
            steps.append(Step(str(step.get("name", f"step {number + 1}")), rule, fields))
        return cls(given.group_by, tuple(steps), given.options["within"])

    def rules(self) -> tuple[Rule, ...]:
        """The rules of its steps."""
        return tuple(step.rule for step in self.steps)

    def findings(self, run: Run) -> Iterator[Finding]:
        """The first window of each episode in which all steps follow one another."""
        detectors = [Detector([step.rule], run.report) for step in self.steps]
        asked: dict[str, tuple[int, ...]] = {}

        def places(row: Row) -> tuple[int, ...]:
            return asked[row.id]

        def of(row: Row) -> Iterable[tuple[Group, Group]]:
            found = {groups for place in asked[row.id] for groups in self._groups(row, place)}
            return sorted(found)

        def values(row: Row) -> tuple[Any, ...] | None:
            asked.clear()
            asked[row.id] = tuple(
                place for place, each in enumerate(detectors) if each.match(row.event)
            )
            return () if asked[row.id] else None

        length = len(self.steps)
        sliding = Sliding(
            self.fields, width(self.within), partial(RulesInOrder, length),
            lambda value, _: value == length, values=values, places=places, of=of,
        )  # fmt: skip
        then = " then ".join(f"“{step.name}”" for step in self.steps)
        for found in found_in(sliding, run, None):
            reason = f"{then}{{group}} within {written(self.within)}"
            yield found.finding(self.fields, reason, tuple(step.name for step in self.steps))

    def _groups(self, row: Row, place: int) -> Iterator[tuple[Group, Group]]:
        return groups(row.event, self.steps[place].group_by)


TYPE = Sequence
