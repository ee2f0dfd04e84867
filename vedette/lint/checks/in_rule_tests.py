"""The tests inside a rule; `vedette rules test` runs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.registry import ERROR, INFO, WARNING, WITH_CORRELATIONS, of_rule


def _block_alone(document: Document) -> bool:
    """Whether the `vedette` block says that the rule is a building block, and nothing of tests."""
    block = document.data.get("vedette")
    return isinstance(block, Mapping) and "building_block" in block and "tests" not in block


def _tests(document: Document) -> list[Mapping[str, Any]]:
    tests = document.get("vedette", "tests")
    return [t for t in tests if isinstance(t, Mapping)] if isinstance(tests, list) else []


@of_rule("no-tests", INFO, kinds=WITH_CORRELATIONS)
def no_tests(document: Document) -> Iterator[Found]:
    """The rule has no tests.

    An event that must match and a near miss, in the rule's `vedette` block or SigmaHQ's
    regression data, keep it from being broken by the next change.
    """
    has_block = "vedette" in document.data and not _block_alone(document)
    if not document.feeds and not has_block and "regression_tests_path" not in document.data:
        yield Found("has no tests", document.line())


@of_rule("malformed-tests", ERROR, kinds=WITH_CORRELATIONS)
def malformed_tests(document: Document) -> Iterator[Found]:
    """The `vedette` block is not a list of tests.

    Each test has `name`, `match` (true or false) and either `event` or `events`.
    """
    if "vedette" not in document.data or _block_alone(document):
        return
    tests = document.get("vedette", "tests")
    if not isinstance(tests, list) or not tests:
        yield Found("the vedette block has no list of tests", document.line("vedette", "tests"))
        return
    for place, test in enumerate(tests):
        wrong = _wrong(test)
        if wrong:
            yield Found(f"test {place + 1} {wrong}", document.line("vedette", "tests", place))


def _wrong(test: object) -> str | None:
    if not isinstance(test, Mapping):
        return "is no mapping"
    if missing := [key for key in ("name", "match") if key not in test]:
        return f"lacks {missing[0]}"
    if not test.keys() & {"event", "events"}:
        return "lacks event"
    return None if isinstance(test["match"], bool) else "has a match that is neither true nor false"


@of_rule("only-matching-tests", WARNING, kinds=WITH_CORRELATIONS)
def only_matching_tests(document: Document) -> Iterator[Found]:
    """Every test of the rule must match.

    A rule that matches everything would pass. Add a near miss: an event that differs in the one
    thing that matters.
    """
    tests = _tests(document)
    if tests and all(test.get("match") is True for test in tests):
        yield Found("has no test that must not match", document.line("vedette", "tests"))


@of_rule("only-missing-tests", WARNING, kinds=WITH_CORRELATIONS)
def only_missing_tests(document: Document) -> Iterator[Found]:
    """No test of the rule must match.

    A rule that never matches would pass.
    """
    tests = _tests(document)
    if tests and all(test.get("match") is False for test in tests):
        yield Found("has no test that must match", document.line("vedette", "tests"))


@of_rule("duplicate-test", WARNING, kinds=WITH_CORRELATIONS)
def duplicate_test(document: Document) -> Iterator[Found]:
    """Two tests of the rule have the same name.

    A failure is told by the name.
    """
    seen: set[str] = set()
    for place, test in enumerate(_tests(document)):
        name = str(test.get("name"))
        if name in seen:
            line = document.line("vedette", "tests", place)
            yield Found(f"two tests are called {quote(name, 64)}", line)
        seen.add(name)
