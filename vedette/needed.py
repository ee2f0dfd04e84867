"""Which paths of documents a source asks for, when it is to ask for no more than is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.paths import MOST, patterns
from engine.reads import Reads
from engine.rule import RuleSet

log = logging.getLogger("vedette.run")

SHOWN = 5
"""Rules that are named one by one."""


class Needed:
    """The paths that the rules in force need; None for whole documents, and the log says why.

    `rules` gives those in force. The answer changes with them. `also` are fields that others read.
    """

    def __init__(
        self, source: str, rules: Callable[[], RuleSet], also: frozenset[str] = frozenset()
    ) -> None:
        self._source, self._rules, self._also = source, rules, also
        self._known: tuple[RuleSet, tuple[str, ...] | None] | None = None

    def __call__(self) -> tuple[str, ...] | None:
        """The paths for the rules that are in force now."""
        rules = self._rules()
        if self._known is None or self._known[0] is not rules:
            self._known = (rules, self._paths(Reads.of(rules)))
        return self._known[1]

    def _paths(self, reads: Reads) -> tuple[str, ...] | None:
        if reads.everything:
            log.warning(
                "source %s: whole documents are read, for rules search every value: %s",
                self._source, named(reads.everything),
            )  # fmt: skip
            return None
        paths = patterns(reads.fields | self._also)
        if paths is None:
            log.warning(
                "source %s: whole documents are read, for the rules look at %d fields, and servers "
                "take no more than %d paths",
                self._source, len(reads.fields), MOST,
            )  # fmt: skip
            return None
        log.info("source %s: documents are read in part, %d paths", self._source, len(paths))
        return paths


def named(titles: tuple[str, ...]) -> str:
    """The first of some titles, and how many more there are."""
    more = len(titles) - SHOWN
    text = ", ".join(map(repr, titles[:SHOWN]))
    return f"{text} and {more} more" if more > 0 else text
