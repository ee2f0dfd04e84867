"""What the rules in force need of documents, for a source that reads no others."""

from __future__ import annotations

from collections.abc import Callable

from connectors.search.prefilter import Prefilter
from connectors.search.sieve import Asking
from engine.kinds import LogSource
from engine.needs.rules import ALSO, Needs
from engine.needs.window import Window
from engine.rule import RuleSet


class RulesNeed:
    """The needs of the rules that `rules` gives, made anew when these change.

    `tags` is the log source that all of the source's events are of, if it is known.
    """

    def __init__(self, rules: Callable[[], RuleSet], tags: LogSource | None) -> None:
        self._rules, self._needs = rules, Needs(tags)
        self._known: tuple[RuleSet, Asking] | None = None

    def __call__(self) -> Asking:
        """Those of the rules that are in force now."""
        rules = self._rules()
        if self._known is None or self._known[0] is not rules:
            needs = self._needs.of(rules.rules)
            # events that rules may see otherwise than an index does are read in any case
            also = {f"also {number}": each for number, each in enumerate(ALSO)}
            titles = {rule.id: rule.title for rule in rules.rules}
            asked = {**needs, **also}
            self._known = rules, Asking(asked, Window(asked.values()), titles)
        return self._known[1]


def prefilter_of(source: str, rules: Callable[[], RuleSet], tags: LogSource | None) -> Prefilter:
    """The prefilter of a source."""
    needed = RulesNeed(rules, tags)
    needed()  # with the rules, so that the first poll need not wait for it
    return Prefilter(source, needed)
