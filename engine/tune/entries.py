"""What a tuning file may ask for: suppression, overrides, caps, and rules that are building blocks.

Each entry is for the rules of its scope. Where several would hold, the first one does, except
of overrides, which add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from engine.errors import RuleError, nearest_name
from engine.rule import Rule
from engine.tune.condition import Condition
from engine.tune.exempt import Exempt
from engine.tune.lists import ListFile
from engine.tune.scope import Scope, names_of


@dataclass(frozen=True, slots=True)
class Suppress:
    """After an alert of a rule, those with equal values of the fields `by` are held back `span`."""

    name: str
    scope: Scope
    by: tuple[str, ...]
    span: timedelta


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many alerts of a rule in each period; 0 is no cap."""

    name: str
    scope: Scope
    most: int
    period: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Override:
    """Another level or risk for alerts of some rules, where `when` holds of the event.

    `risk` replaces the risk score, `add_risk` is added to it; the score stays from 0 to 100.
    """

    name: str
    scope: Scope
    when: Condition | None = None
    level: str | None = None
    risk: int | None = None
    add_risk: int = 0
    lists: tuple[ListFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Tuning:
    """All of the tuning that is in force."""

    exceptions: tuple[Exempt, ...] = ()
    suppress: tuple[Suppress, ...] = ()
    overrides: tuple[Override, ...] = ()
    caps: tuple[Cap, ...] = ()
    blocks: tuple[Scope, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked of matches or alerts; `blocks` are applied at load."""
        return bool(self.exceptions or self.suppress or self.overrides or self.caps)


class StrangerError(RuleError):
    """An entry names what no rule here is called. Those of another pipeline may be."""


def strangers(tuning: Tuning, rules: Iterable[Rule]) -> list[StrangerError]:
    """One for each name in an entry that no rule goes by, with the nearest that one does."""
    entries: list[tuple[str, Scope]] = [
        *((f"suppress {each.name!r}", each.scope) for each in tuning.suppress),
        *((f"override {each.name!r}", each.scope) for each in tuning.overrides),
        *((f"cap {each.name!r}", each.scope) for each in tuning.caps),
        *(("building_blocks", scope) for scope in tuning.blocks),
    ]
    if not any(scope.names for _, scope in entries):
        return []
    known = {name for rule in rules for name in names_of(rule)}
    return [
        StrangerError(
            f"{entry}: names {name!r}, which no rule is called", nearest=nearest_name(name, known)
        )
        for entry, scope in entries
        for name in sorted(scope.names - known)
    ]


def is_block(rule: Rule, tuning: Tuning) -> bool:
    """Whether a rule only feeds correlations: by its own `vedette` block, or by the tuning."""
    block = rule.document.get("vedette")
    own = isinstance(block, Mapping) and block.get("building_block") is True
    return own or any(scope.covers(rule) for scope in tuning.blocks)
