"""Rules as questions to a cluster, by pySigma's own backend for it; what is none is named.

It needs the extra `push`, which brings pySigma's backends.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from connectors.search.mappings import Mappings, hides
from engine.errors import SettingsError
from engine.kinds import LogSource
from engine.logsource import LABELS, ways
from engine.pushed import Blind, Question, Questions
from engine.rule import Rule, RuleSet
from engine.tune.scope import Scope
from vedette.convert import BACKEND_ERRORS, line_of
from vedette.libraries import Shared
from vedette.said import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigma.conversion.base import Backend
    from sigma.rule import SigmaRule

    from connectors.search.port import Kind

log = logging.getLogger("vedette.run")

SHOWN = 5
"""Fields that are named of those hidden for one reason."""

TARGETS = {"elasticsearch": "lucene", "opensearch": "opensearch_lucene"}
"""The backends, by the cluster's kind."""

KEYWORDS = "asks for keywords in any field: a cluster would look for words of its own making"
UNROUTED = "no field tells its log source: give the source a 'logsource' that it is for"


class Converter:
    """Converts the rules of one source; what was converted is remembered.

    `pipelines` are names of installed processing pipelines that give fields the names of the index.
    `tags` is the log source that all of the source's events are of, if it is known.
    Raises `SettingsError` without the extra, `InputError` for a pipeline that there is none of.
    """

    def __init__(self, kind: Kind, pipelines: Sequence[str], tags: LogSource | None) -> None:
        from vedette.backends import backend_of, plugins, use_own_attack_facts

        target = TARGETS[kind]
        if target not in plugins().backends:
            raise SettingsError(
                f"push-down needs pySigma's backend for {kind}, which is not installed",
                field="sources.mode", expected="pip install 'vedette[push]', or mode: in-process",
            )  # fmt: skip
        use_own_attack_facts()
        self._backend: Backend = backend_of(target, pipelines, "default", bare=True)
        self._tags = tags
        self._known: dict[str, tuple[Rule, Question | Blind]] = {}

    def questions(
        self, rules: RuleSet, sigmas: Iterable[tuple[Rule, Callable[[], SigmaRule]]]
    ) -> Questions:
        """All rules that are live; `sigmas` has pySigma's rule for each of them."""
        made = {rule.id: sigma for rule, sigma in sigmas}
        found: list[Question | Blind] = []
        for rule in rules.rules:
            if not rule.bindings:
                continue  # a correlation
            known = self._known.get(rule.id)
            if known is None or known[0].document != rule.document or known[0].file != rule.file:
                known = rule, self._convert(rule, made[rule.id])
            self._known[rule.id] = known
            found.append(known[1])
        return Questions(
            tuple(each for each in found if isinstance(each, Question)),
            tuple(each for each in found if isinstance(each, Blind)),
            tuple(each.rule.title for each in rules.correlations),
        )

    def _convert(self, rule: Rule, make: Callable[[], SigmaRule]) -> Question | Blind:
        try:
            texts, fields = self._texts(rule, make())
        except BACKEND_ERRORS as error:
            return Blind(rule.id, rule.title, line_of(error))
        if None in fields:
            return Blind(rule.id, rule.title, KEYWORDS)
        if not texts:
            return Blind(rule.id, rule.title, UNROUTED)
        clauses = [{"query_string": {"query": text, "analyze_wildcard": True}} for text in texts]
        query: dict[str, Any] = clauses[0]
        if len(clauses) > 1:
            query = {"bool": {"should": clauses, "minimum_should_match": 1}}
        return Question(rule.id, rule.title, query, tuple(sorted(filter(None, fields))))

    def _texts(self, rule: Rule, sigma: SigmaRule) -> tuple[list[str], set[str | None]]:
        """The query of each way to the rule's events, and the fields that they read."""
        texts: list[str] = []
        fields: set[str | None] = set()
        for name, way in ways(sigma):
            if name == LABELS and not self._of_tags(rule):
                continue
            texts += [str(text) for text in self._backend.convert_rule(way)]
            fields |= set(_fields(way.detection.detections.values()))
        return list(dict.fromkeys(texts)), fields

    def _of_tags(self, rule: Rule) -> bool:
        """Whether all of the source's events are of the rule's log source."""
        if self._tags is None:
            return False
        return Scope(logsource=rule.logsource).fits(self._tags)


def _fields(parts: Iterable[Any]) -> Iterator[str | None]:
    """The fields of detections; None for keywords."""
    for part in parts:
        if hasattr(part, "detection_items"):
            yield from _fields(part.detection_items)
        else:
            yield part.field


class Pushdown:
    """The questions of one source, as the rules of a library are now."""

    def __init__(self, name: str, converter: Converter, shared: Shared, rules: RuleSet) -> None:
        self.name = name
        self._converter, self._shared = converter, shared
        self._told: set[Blind] = set()
        self.questions = Questions()
        self.adopt(rules)

    def current(self) -> Questions:
        """The questions as they are now."""
        return self.questions

    def adopt(self, rules: RuleSet) -> None:
        """Ask these rules from now on, and say which of them cannot be."""
        library = self._shared.library
        with self._shared.lock:  # pySigma is not made for threads
            self.questions = self._converter.questions(rules, library.sigmas())
            library.settle()
        asked, blind = self.questions.asked, self.questions.blind
        log.info(
            "source %s: push-down: the cluster is asked for %d of %d rules",
            self.name, len(asked), len(asked) + len(blind), extra=said("push-down"),
        )  # fmt: skip
        for each in blind:
            if each not in self._told:
                log.warning("source %s: push-down: %s", self.name, text_of(each),
                            extra=said("push-blind"))  # fmt: skip
        self._told = set(blind)


def text_of(blind: Blind) -> str:
    """What is not seen of a rule, as a sentence."""
    return f"nothing is seen of {blind.title!r}: {blind.reason}"


def hidden(questions: Questions, mappings: Mappings) -> Iterator[str]:
    """What the mappings of an index hide from questions, a line for each reason."""
    read: Counter[str] = Counter(name for each in questions.asked for name in each.fields)
    by_reason: dict[str, list[str]] = {}
    for name, count in read.most_common():
        if reason := hides(mappings.field(name)):
            by_reason.setdefault(reason, []).append(f"{name} ({count:,} rules)")
    for reason, names in by_reason.items():
        more = f", and {len(names) - SHOWN:,} fields more" if len(names) > SHOWN else ""
        yield f"{reason}: {', '.join(names[:SHOWN])}{more}"
    if questions.correlations:
        yield f"{len(questions.correlations):,} correlations see only what these queries find"
