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

        A correlation has no log source, nor have some hunts: they must be named, or everything
        be meant.
        """
        anywhere = not rule.bindings and rule.logsource == EVERY
        if not self.names:
            return self.logsource == EVERY if anywhere else self.fits(rule.logsource)
        return (anywhere or self.fits(rule.logsource)) and bool(self.known(rule))

    def known(self, rule: Rule) -> frozenset[str]:
        """Those of its names by which the rule goes."""
        return self.names & names_of(rule)

    def fits(self, source: LogSource) -> bool:
        """Whether a log source lies within its own."""
        wanted = self.logsource
        return (
            wanted.product in (None, source.product)
            and wanted.service in (None, source.service)
            and wanted.category in (None, source.category)
        )


def names_of(rule: Rule) -> frozenset[str]:
    """All by which a rule may be named, in lower case: id, title, name, tags and those above."""
    names = {rule.id.lower(), rule.title.lower()}
    if name := rule.document.get("name"):
        names.add(str(name).lower())
    for tag in map(str.lower, rule.tags):
        parts = tag.split(".")
        names.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return frozenset(names)
