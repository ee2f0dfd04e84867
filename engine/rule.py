"""A Sigma rule that is ready to be evaluated, and the set of those that were loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.binding import Binding
from engine.errors import RuleError
from engine.kinds import LogSource
from engine.level import LEVELS

if TYPE_CHECKING:
    from engine.correlate.rule import Correlation
    from engine.tune.entries import Tuning


@dataclass(frozen=True, slots=True)
class Rule:
    """A loaded rule: what alerts say of it, and how its events reach it.

    `id` is the rule's UUID, or a hash of its text when it has none. `document` is the rule as
    it was written.
    """

    id: str
    title: str
    level: str
    status: str | None
    logsource: LogSource
    tags: tuple[str, ...]
    bindings: tuple[Binding, ...]
    file: str
    ruleset: str
    document: Mapping[str, Any]
    version: str | None = None
    description: str | None = None
    author: str | None = None
    license: str | None = None
    references: tuple[str, ...] = ()
    linear: bool = True
    """False when a regular expression needs the engine with a time limit."""
    output: bool = True
    """False when it only feeds correlations, and does not alert itself."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the rules that load are wanted. Empty sets and None want every rule."""

    min_level: str | None = None
    statuses: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    """Ids or titles (any case) of rules that are not wanted."""

    def wants(self, rule: Rule) -> bool:
        """Whether the rule passes every criterion; a tag stands for those below it too."""
        if self.min_level and LEVELS.index(rule.level) < LEVELS.index(self.min_level):
            return False
        if self.statuses and rule.status not in self.statuses:
            return False
        if self.tags and not any(_tagged(tag, self.tags) for tag in rule.tags):
            return False
        return not {rule.id.lower(), rule.title.lower()} & self.exclude


def _tagged(tag: str, wanted: frozenset[str]) -> bool:
    lowered = tag.lower()
    names = {lowered, lowered.removeprefix("attack.")}
    return any(name == want or name.startswith(f"{want}.") for name in names for want in wanted)


@dataclass(slots=True)
class RuleSet:
    """The rules that loaded and are wanted, those that were refused, and how many were not."""

    rules: list[Rule] = field(default_factory=list)
    """Those of the correlations among them; these have no bindings."""
    correlations: list[Correlation] = field(default_factory=list)
    """Each after those that it listens to."""
    refused: list[RuleError] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """File and title of the rules that stay as they were, for what they are now is refused."""
    unwanted: int = 0
    filters: int = 0
    files: int = 0
    tuning: Tuning | None = None
    """What is asked of their matches and alerts; None when nothing is."""
    warnings: list[RuleError] = field(default_factory=list)
    """What the rules go on without: exceptions that are for no rule."""

    def __len__(self) -> int:
        return len(self.rules)

    def by_id(self) -> dict[str, Rule]:
        """The rules by their id."""
        return {rule.id: rule for rule in self.rules}
