"""Tests numbered in C have the numbers, covers and rows that they have in Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.expression import And, Expression, Not, Or, fields
from engine.match.expression import Test as Asked
from engine.match.expression import tests as every
from engine.match.fieldtests import FieldTests
from engine.match.memory import Budget
from engine.match.native import NATIVE
from engine.match.numbers import MUCH, Numbers, Plain, described
from engine.match.pattern import Pattern, Regex
from engine.match.predicates import Exists, Matches, Number, SameAs, Text
from tests.engine.match.test_reference import EXPRESSIONS

if not NATIVE:
    pytest.skip("the native numbering was not built", allow_module_level=True)

from engine.match.numbering import Numbering

WORD = st.text("abC?*\u03a3\u0130 ", max_size=5).map(lambda word: word.replace("?", "\ue000"))
SEGMENTS = st.lists(WORD.map(lambda word: word.replace("*", "")), min_size=1, max_size=4)
PATTERNS = st.builds(Pattern, SEGMENTS.map(tuple), st.sampled_from([False, False, False, True]))
PREDICATES = (
    PATTERNS.map(Text)
    | PATTERNS.map(Text)
    | st.sampled_from(
        [
            Matches(Regex("ab+c")), Matches(Regex("[ab]")), Matches(Regex("a(?=b)")),
            Number(1), Exists(True), SameAs("other"),
        ]
    )
)  # fmt: skip
FIELDS = st.sampled_from(["a", "b", "".join(["lo", "ng"]), None])
TREES: st.SearchStrategy[Expression] = st.recursive(
    st.builds(Asked, FIELDS, PREDICATES),
    lambda inner: (
        st.lists(inner, max_size=5).map(tuple).map(And)
        | st.lists(inner, max_size=5).map(tuple).map(Or)
        | inner.map(Not)
    ),
    max_leaves=30,
)


def native() -> Numbering:
    return Numbering((And, Or, Not, Asked, Text), described, MUCH)


@given(st.lists(TREES | EXPRESSIONS, min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_conditions_hang_on_the_same_tests(conditions: list[Expression]) -> None:
    mine, plain = native(), Plain()
    asked: list[dict[int, Asked]] = []
    for condition in [*conditions, *conditions]:
        found, wanted = mine.read(condition), plain.read(condition)
        assert tuple(found) == tuple(wanted)
        assert list(found[0]) == list(wanted.asked)
        assert not found[3] or found[2] - {None} == fields(condition)
        assert [mine.of(t) for t in every(condition)] == [plain.of(t) for t in every(condition)]
        asked.append(found[0])
    found_by_field, by_field = mine.by_field(asked), plain.by_field(asked)
    assert found_by_field == by_field
    assert list(found_by_field) == list(by_field)


VALUES = st.text('abcC\u03c3\u03a3\u03c2\u0130 "\\\ud800', max_size=9)


@given(st.lists(PREDICATES, max_size=12), st.lists(VALUES, min_size=1, max_size=5))
@settings(max_examples=400, deadline=None)
def test_rows_find_what_each_test_finds_alone(predicates: list[Any], values: list[str]) -> None:
    numbers = Numbers()
    found = [Asked("a", predicate) for predicate in predicates]
    asked = {numbers.of(test): test for test in found if described(test)[0] < float("inf")}
    together = FieldTests("a", asked, numbers, Budget())
    for value in values:
        alone = {n for n, test in asked.items() if test.predicate.holds((value,), None)}  # type: ignore[arg-type]
        assert together.fresh((value,)) == alone


@pytest.mark.parametrize("bad", [None, 1, "x", Or(("x",)), And((Not(1),)), Or([])])  # type: ignore[arg-type]
def test_what_is_no_condition_is_refused(bad: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        native().read(bad)


def test_numbers_that_were_not_given_are_refused() -> None:
    test = Asked("a", Exists(True))
    for number in (-1, 0, 1 << 40):
        with pytest.raises(ValueError, match="no such number"):
            native().rows({number: test})
        with pytest.raises(ValueError, match="no such number"):
            native().by_field([{number: test}])


def test_what_describing_a_test_raises_is_raised() -> None:
    def fails(_: Asked) -> Any:
        raise LookupError("here")

    numbering = Numbering((And, Or, Not, Asked, Text), fails, MUCH)
    with pytest.raises(LookupError, match="here"):
        numbering.read(Or((Asked("a", Exists(True)),)))


def test_conditions_nested_without_end_are_refused() -> None:
    nested: Expression = Asked("a", Exists(True))
    for _ in range(100_000):
        nested = Not(nested)
    with pytest.raises(RecursionError):
        native().read(nested)
    while isinstance(nested, Not):  # to let go of all at once would go as deep
        nested = nested.item
