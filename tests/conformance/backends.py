"""Rules as queries on real servers against the engine: every difference must have its cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.detect import Detector
from engine.errors import Problem
from engine.match.expression import tests
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.conformance.cluster import Server
from tests.conformance.indices import IGNORE_ABOVE, Index
from tests.conformance.queries import NETWORKS, SEARCHED, Converter, Query
from tests.conformance.recordings import Recording, numbered

Pair = tuple[str, int]
"""A rule's id and an event's number."""


@dataclass(frozen=True)
class Cause:
    """Why a query answers otherwise; shown by the rule's answer where that is undone.

    On the index `mapping`, and with the query mended, the server must say what the engine says.
    """

    name: str
    mapping: str
    mended: frozenset[str] = frozenset()


_REGEX = "a regular expression must fit the whole value, and knows no (?:…)"
_NETWORK = "a network is no more than text to a field that is not of type ip"
QUERIES = (
    Cause(_REGEX, "plain", frozenset({SEARCHED})),
    Cause(_NETWORK, "plain", frozenset({NETWORKS})),
    Cause(f"{_REGEX}; {_NETWORK}", "plain", frozenset({SEARCHED, NETWORKS})),
)
CAUSES: dict[str, tuple[Cause, ...]] = {
    "text": (
        Cause("text is analysed: cut into words", "typed"),
        Cause("a field has the type of its first value, and leaves others out", "plain"),
        *QUERIES,
    ),
    "keyword": (
        Cause("case counts in a keyword", "lower"),
        Cause(f"a value is longer than ignore_above ({IGNORE_ABOVE:,})", "long"),
        Cause("case counts, and a value is longer than ignore_above", "plain"),
        *QUERIES,
    ),
}
"""For each mapping that people use, what may be the cause of a difference, the simplest first."""
REFUSED = Cause("the server refuses the query", "")


@dataclass(frozen=True)
class Events:
    """Numbered events under the names that rules use, and what the engine finds in them."""

    documents: list[dict[str, Any]]
    pairs: frozenset[Pair]

    @classmethod
    def of(cls, events: Iterator[Mapping[str, Any]], rules: Sequence[Rule]) -> Events:
        """Queries cannot rename, so the index gets the names that `normalise` gives."""
        problems: list[Problem] = []
        detector = Detector(rules, problems.append)
        documents: list[dict[str, Any]] = []
        pairs: set[Pair] = set()
        for event in events:
            normal = normalise(Record(event, "recording"))
            documents.append(dict(normal.fields))
            pairs |= {(match.rule.id, event["number"]) for match in detector.match(normal)}
        assert not problems, problems[:3]
        return cls(documents, frozenset(pairs))


@dataclass
class Difference:
    """What one mapping of one server showed."""

    kind: str
    mapping: str
    rules: int = 0
    queries: int = 0
    ours: int = 0
    theirs: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    caused: dict[Cause, set[Pair]] = field(default_factory=lambda: defaultdict(set))
    unexplained: set[Pair] = field(default_factory=set)


def alerting(
    recordings: Sequence[Recording], rules: Sequence[Rule], first: int
) -> Iterator[dict[str, Any]]:
    """Every recorded event that a rule matches, numbered from `first`."""
    problems: list[Problem] = []
    detector = Detector(rules, problems.append)
    total = sum(recording.events for recording in recordings)
    for event in numbered(list(recordings), total):
        record = Record(event, "recording")
        if detector.may_match(event) and detector.match(normalise(record)):
            yield {**event, "number": first}
            first += 1
    assert not problems, problems[:3]


def has_fields(rule: Rule) -> bool:
    """Whether every value that the rule asks for has a field.

    A query without a field asks each word of every field of the index: of some a server with 1 GB
    of memory dies.
    """
    return all(test.field for binding in rule.bindings for test in tests(binding.body))


def some(rules: Sequence[Rule], events: Events, every: int) -> list[Rule]:
    """The rules that match events, and of the rest one in every few."""
    matching = {rule for rule, _ in events.pairs}
    return [rule for i, rule in enumerate(rules) if rule.id in matching or not i % every]


def compare(server: Server, mapping: str, events: Events, converter: Converter) -> Difference:
    """Run the converter's rules as queries on events under a mapping; explain what differs."""
    asked = {rule: found for rule in converter.rules if (found := converter.queries(rule))}
    queries = [query for found in asked.values() for query in found]
    index = Index.fill(server, f"differential-{mapping}", mapping, events.documents)
    answers = index.ask(queries)
    index.drop()
    found = {(rule, number) for rule, numbers in answers.found.items() for number in numbers}
    ours = {pair for pair in events.pairs if pair[0] in asked}
    result = Difference(
        server.kind, mapping, len(asked), len(queries), len(ours), len(found), answers.refused
    )
    result.unexplained = ours ^ found
    refused = {pair for pair in result.unexplained if pair[0] in answers.refused}
    if refused:
        result.caused[REFUSED] = refused
        result.unexplained -= refused
    _explain(server, result, events, converter)
    return result


def _explain(server: Server, result: Difference, events: Events, converter: Converter) -> None:
    """Ask the differing pairs again, on indices where one trait of the server is undone."""
    wanted = {number for _, number in result.unexplained}
    documents = [event for event in events.documents if event["number"] in wanted]
    indices: dict[str, Index] = {}
    for cause in CAUSES[result.mapping]:
        if not result.unexplained:
            break
        if cause.mapping not in indices:
            name = f"differential-{result.mapping}-{cause.mapping}"
            indices[cause.mapping] = Index.fill(server, name, cause.mapping, documents)
        agreed = _agreed(indices[cause.mapping], cause, result.unexplained, events, converter)
        if agreed:
            result.caused[cause] |= agreed
        result.unexplained -= agreed
    for index in indices.values():
        index.drop()


def _agreed(
    index: Index, cause: Cause, left: set[Pair], events: Events, converter: Converter
) -> set[Pair]:
    numbers: dict[str, set[int]] = defaultdict(set)
    for rule, number in left:
        numbers[rule].add(number)
    agreed: set[Pair] = set()
    for rule, asked in numbers.items():
        queries: list[Query] = converter.queries(rule, cause.mended)
        answers = index.ask(queries, asked)
        if rule in answers.refused:
            continue
        found = answers.found.get(rule, set())
        agreed |= {(rule, n) for n in asked if (n in found) == ((rule, n) in events.pairs)}
    return agreed


def report(result: Difference, events: Events, rules: Mapping[str, Rule]) -> list[str]:
    """The difference and its causes, line by line."""
    differing = sum(map(len, result.caused.values())) + len(result.unexplained)
    lines = [
        f"{result.kind} {result.mapping}: {result.queries:,} queries of {result.rules:,} rules on "
        f"{len(events.documents):,} events: {result.theirs:,} matches, "
        f"the engine's {result.ours:,}; {differing:,} pairs differ"
    ]
    for cause, pairs in result.caused.items():
        more = len(pairs - events.pairs)
        count = len({rule for rule, _ in pairs})
        lines.append(
            f"  {more:>6,} found by the query alone, {len(pairs) - more:>4,} by the engine alone, "
            f"in {count:>3} rules: {cause.name}"
        )
    lines += [
        f"  refused: {rules[i].title}: {reason}" for i, reason in sorted(result.refused.items())
    ]
    lines += [
        f"  no cause: {rules[rule].title} on event {number} "
        f"({'the engine' if (rule, number) in events.pairs else 'the query'} alone)"
        for rule, number in sorted(result.unexplained)
    ]
    return lines
