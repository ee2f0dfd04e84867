"""Exceptions, ready to be asked: what of a rule's matches they hold back, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.errors import RuleError
from engine.event import Event
from engine.kinds import LogSource
from engine.rule import Rule
from engine.tune.condition import LABELS, Condition
from engine.tune.lists import ListFile
from engine.tune.scope import Scope, names_of


@dataclass(frozen=True, slots=True, eq=False)
class Exempt:
    """An exception, ready to be asked. `condition` is the filter's: it holds of what stays."""

    id: str | None
    title: str
    scope: Scope
    condition: Condition
    file: str
    line: int | None
    owner: str | None = None
    reason: str | None = None
    expires: date | None = None
    lists: tuple[ListFile, ...] = ()
    tests: Any = None

    @property
    def key(self) -> str:
        """What tells it apart from others."""
        return self.id or self.title

    def expired(self, now: datetime) -> bool:
        """Whether the day after which it does not apply any more (UTC) is over."""
        return self.expires is not None and now.date() > self.expires

    def excepts(self, source: LogSource, event: Event, binding: str = LABELS) -> bool:
        """Whether it holds back what a rule of a log source matched. Raises `RegexTimeoutError`."""
        return not self.condition.holds(source, event, binding)

    def covers(self, rule: Rule) -> bool:
        """Whether it is for a rule."""
        return self.scope.covers(rule)


def is_exception(item: Any) -> bool:
    """Whether a document of a rule file is one."""
    block = item.get("vedette") if isinstance(item, Mapping) else None
    return isinstance(block, Mapping) and "exception" in block


def unused(exempts: Sequence[Exempt], rules: Sequence[Rule]) -> list[RuleError]:
    """What no rule that is loaded has anything of: exceptions, or names that they name."""
    if not exempts:
        return []
    by_name: dict[str, list[Rule]] = {}
    for rule in rules:
        for name in names_of(rule):
            by_name.setdefault(name, []).append(rule)
    return [error for each in exempts if (error := _idle(each, rules, by_name))]


def _idle(
    each: Exempt, rules: Sequence[Rule], by_name: Mapping[str, Sequence[Rule]]
) -> RuleError | None:
    """What an exception does less than it says, if that is so."""
    reason = None
    names = {name for name in each.scope.names if any(map(each.covers, by_name.get(name, ())))}
    missing = each.scope.names - names
    if each.scope.names and missing:
        reason = f"names {min(missing)!r}, which no rule of its log source is called"
    if not names and (each.scope.names or not any(map(each.covers, rules))):
        reason = "applies to no rule that is loaded"
    if reason is None:
        return None
    return RuleError(f"{each.title}: {reason}", file=each.file, line=each.line, field="filter")
