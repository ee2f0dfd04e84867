"""Tests that travel inside rules, in their `vedette` block: events that must match, or must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.detect import Detector, Match
from engine.errors import Problem
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule, RuleSet
from engine.tune.exempt import Exempt
from vedette import correlation_tests

KEYS = frozenset({"name", "match", "event"})
STORY_KEYS = frozenset({"name", "match", "events"})
"""Keys of a correlation's test."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test; `failure` is None when it passed."""

    rule: Rule | Exempt
    name: str
    failure: str | None


def run_tests(rule: Rule, rules: RuleSet | None = None) -> Iterator[Result]:
    """Run a rule's tests; a rule without both kinds of test fails by name.

    `rules` is the set that it was loaded with, which holds what a correlation listens to. A rule
    that only feeds correlations needs no tests: theirs are its own.
    """
    if not rule.output and not _has_tests(rule):
        return
    is_correlation = "correlation" in rule.document and not rule.bindings
    tests = _tests(rule, STORY_KEYS if is_correlation else KEYS)
    if isinstance(tests, str):
        yield Result(rule, "vedette.tests", tests)
        return
    kinds = {test["match"] for test in tests}
    for kind, text in ((True, "no event that must match"), (False, "no event that must not")):
        if kind not in kinds:
            yield Result(rule, "vedette.tests", f"has {text}")
    problems: list[Problem] = []
    detector = Detector([rule], problems.append)
    exceptions = in_force(rules)
    for test in tests:
        by: list[str] = []
        if is_correlation:
            told = _Told(problems)
            matched = correlation_tests.alerts(
                rule, rules or RuleSet(), test["events"], told, exceptions
            )
        else:
            event = normalise(Record(test["event"], origin=rule.file))
            matches = detector.match(event)
            by = [each.title for m in matches for each in exceptions if excepts(each, m)]
            matched = bool(matches) and not by
        failure = None if matched == test["match"] else _failure(matched)
        if failure and by:
            failure = f"matched, but is held back by the exception {by[0]!r}"
        if problems:
            failure = problems.pop().message
        yield Result(rule, test["name"], failure)


def run_exception_tests(rules: RuleSet) -> Iterator[Result]:
    """Run the tests inside exceptions, expired or not: `match` says whether it is held back."""
    for each in rules.tuning.exceptions if rules.tuning else ():
        if each.tests is None:
            continue
        tests = _checked(each.tests, KEYS)
        if isinstance(tests, str):
            yield Result(each, "vedette.tests", tests)
            continue
        for test in tests:
            event = normalise(Record(test["event"], origin=each.file))
            held = each.condition.fails(each.scope.logsource, event)
            failure = None if held == test["match"] else _HELD[held]
            yield Result(each, test["name"], failure)


_HELD = {True: "is held back, but must not be", False: "is not held back, but must be"}


def in_force(rules: RuleSet | None) -> list[Exempt]:
    """The exceptions among the rules that have not expired."""
    now = datetime.now(UTC)
    found = rules.tuning.exceptions if rules and rules.tuning else ()
    return [each for each in found if not each.expired(now)]


def excepts(each: Exempt, match: Match) -> bool:
    """Whether an exception holds a match back."""
    rule = match.rule
    return each.covers(rule) and each.excepts(rule.logsource, match.event, match.binding)


def _has_tests(rule: Rule) -> bool:
    """Whether a rule that only feeds others has tests of its own, be they right or wrong."""
    block = rule.document.get("vedette")
    alone = isinstance(block, Mapping) and "building_block" in block and "tests" not in block
    return block is not None and not alone


@dataclass(frozen=True, slots=True)
class _Told:
    """Keeps the problems of a story, but not those that are meant to be in it."""

    problems: list[Problem]

    def __call__(self, problem: Problem) -> None:
        if problem.kind != "correlation-no-field":
            self.problems.append(problem)


def _failure(matched: bool) -> str:
    return "matched, but must not" if matched else "did not match, but must"


def _tests(rule: Rule, keys: frozenset[str]) -> list[dict[str, Any]] | str:
    """The tests, or what is wrong with the block."""
    block = rule.document.get("vedette")
    if block is None:
        return "has no tests"
    return _checked(block.get("tests") if isinstance(block, Mapping) else None, keys)


def _checked(tests: Any, keys: frozenset[str]) -> list[dict[str, Any]] | str:
    """Tests as they are written, if they are some; else what is wrong with them."""
    if not isinstance(tests, list) or not tests:
        return "the vedette block has no list of tests"
    for number, test in enumerate(tests, start=1):
        if not isinstance(test, Mapping) or not test.keys() >= keys:
            return f"test {number} lacks name, match or {max(keys - {'name', 'match'})}"
        if unknown := test.keys() - keys:
            return f"test {number} has the unknown key {min(map(str, unknown))!r}"
        if not isinstance(test["match"], bool) or not isinstance(test.get("event", {}), Mapping):
            return f"test {number}: match is true or false, event is a mapping"
        if "events" in keys and (wrong := correlation_tests.fault(test["events"])):
            return f"test {number}: {wrong}"
    try:
        return [as_read({**test, "name": str(test["name"])}) for test in tests]
    except (TypeError, RecursionError) as error:
        return f"an event is not JSON: {error}"


def as_read(event: Mapping[Any, Any]) -> Any:
    """The event as a file would give it: YAML also knows dates, and keys that are no text."""
    return orjson.loads(orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS))
