"""Which rules an entry of the tuning is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.kinds import LogSource
from engine.rule import Rule

EVERY = LogSource()


@dataclass(frozen=True, slots=True)
class Scope:
    """Rules by id, name, title or tag (any of them, in any case), within a log source.

    Without `names` it is for every rule of the log source; a log source without any part is
    every log source. A tag stands for those below it too.
    """

    names: frozenset[str] = frozenset()
    logsource: LogSource = EVERY

    @classmethod
    def of(cls, names: Iterable[str], logsource: LogSource = EVERY) -> Scope:
        """The scope of names as they are written."""
        return cls(frozenset(name.lower() for name in names), logsource)

    def covers(self, rule: Rule) -> bool:
        """Whether a rule is meant.

        A correlation has no log source, so it must be named, or everything be meant.
        """
        correlation = "correlation" in rule.document and not rule.bindings
        if not self.names:
            return self.logsource == EVERY if correlation else self._fits(rule.logsource)
        return (correlation or self._fits(rule.logsource)) and bool(self.known(rule))

    def known(self, rule: Rule) -> frozenset[str]:
        """Those of its names by which the rule goes."""
        own = {rule.id.lower(), rule.title.lower(), str(rule.document.get("name", "")).lower()}
        found = self.names & own
        for tag in map(str.lower, rule.tags):
            found |= {name for name in self.names if tag == name or tag.startswith(f"{name}.")}
        return found

    def _fits(self, source: LogSource) -> bool:
        wanted = self.logsource
        return (
            wanted.product in (None, source.product)
            and wanted.service in (None, source.service)
            and wanted.category in (None, source.category)
        )
