"""Truth and evidence by the obvious evaluator, and by the fast one."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.event import Event
from engine.match import reference
from engine.match.alone import Alone
from engine.match.body import Body
from engine.match.evaluate import Ruleset
from engine.match.expression import And, Expression, Not, Or
from engine.match.expression import Test as Asked
from engine.match.memory import Budget
from engine.match.numbers import Numbers
from engine.match.pattern import Pattern, Regex
from engine.match.predicates import (
    Boolean,
    Compare,
    Exists,
    Matches,
    Number,
    SameAs,
    Text,
)
from tests.engine.helpers import event

NAMES = st.sampled_from(["a", "b", "c"])
WORDS = st.sampled_from(["", "x", "X", "xy", "yx", "1", "ΣΣ", "\u03c3\u03c2", "true", "x\ny"])
PARTS = st.sampled_from(["", "x", "Y", "\u03c3", "1", f"x{Pattern.ANY_CHAR}"])
PREDICATES = st.one_of(
    st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: Text(Pattern(tuple(parts)))),
    st.lists(PARTS, min_size=1, max_size=3).map(lambda p: Text(Pattern(tuple(p), cased=True))),
    st.sampled_from([Matches(Regex("^x")), Matches(Regex("(?=x)x+")), Boolean(True), Exists(True)]),
    st.sampled_from([Exists(False), Number(1), Compare.of(">", 0), Compare.of("!=", 1)]),
    st.builds(SameAs, NAMES, st.booleans(), st.booleans()),
)
TESTS = st.builds(Asked, NAMES | st.none(), PREDICATES)
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(inner, max_size=3).map(lambda items: Or(tuple(items))),
        inner.map(Not),
    ),
    max_leaves=8,
)
VALUES = WORDS | st.integers(0, 2) | st.booleans() | st.none() | st.just(1.0)
EVENTS = st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=3)).map(event)


def by_definition(expression: Expression, at: Event) -> bool:
    """A third way to say it: a truth table over the tests."""
    match expression:
        case And(items):
            return not any(not by_definition(item, at) for item in items)
        case Or(items):
            return sum(by_definition(item, at) for item in items) > 0
        case Not(item):
            return 1 - by_definition(item, at) == 1
        case Asked(None, predicate):
            values = [v for name in at.fields for v in at.values(name)]
            return any(predicate.holds((value,), at) for value in values)
        case Asked(str() as field, predicate):
            return predicate.holds(at.values(field), at)
    raise AssertionError(expression)


def positive(expression: Expression) -> bool:
    match expression:
        case And(items) | Or(items):
            return all(positive(item) for item in items)
        case Not():
            return False
        case _:
            return True


@given(EXPRESSIONS, EVENTS)
def test_an_expression_holds_by_definition(expression: Expression, at: Event) -> None:
    assert reference.holds(expression, at) is by_definition(expression, at)


@given(st.lists(EXPRESSIONS, max_size=5), st.lists(EVENTS, max_size=5))
def test_the_fast_evaluator_agrees_with_the_reference(expressions: Any, events: Any) -> None:
    numbers = Numbers()
    fast = Ruleset([Body(each, numbers) for each in expressions], numbers, Budget())
    for at in [*events, *events]:  # the second time its memory answers
        held = {place for place, holds in fast.candidates(at) if holds()}
        assert held == {i for i, e in enumerate(expressions) if reference.holds(e, at)}


@given(EXPRESSIONS, st.lists(EVENTS, min_size=1, max_size=3))
def test_a_condition_asked_alone_says_the_same_and_why(expression: Expression, events: Any) -> None:
    numbers = Numbers()
    body = Body(expression, numbers)
    assume(body.exact)
    alone = Alone(expression, body, numbers, Budget())
    for at in [*events, *events]:
        assert alone.holds(at) is reference.holds(expression, at)
        assert alone.evidence(at) == tuple(dict.fromkeys(reference.evidence(expression, at)))


@given(EXPRESSIONS, EVENTS)
def test_every_piece_of_evidence_holds(expression: Expression, at: Event) -> None:
    assert all(reference.holds(test, at) for test in reference.evidence(expression, at))


@given(EXPRESSIONS.filter(positive), EVENTS)
def test_what_holds_without_negation_has_evidence_that_suffices(expr: Any, at: Event) -> None:
    """Were only the evidence true, the expression would hold."""
    if not reference.holds(expr, at):
        return
    found = set(reference.evidence(expr, at))

    def suffices(expression: Expression) -> bool:
        match expression:
            case And(items):
                return all(suffices(item) for item in items)
            case Or(items):
                return any(suffices(item) for item in items)
            case _:
                return expression in found

    assert suffices(expr)


def test_evidence_is_in_the_order_of_the_rule_and_of_alternatives_those_that_held() -> None:
    a, b, c = (Asked(name, Number(1)) for name in "abc")
    found = list(reference.evidence(And((Or((c, b)), Not(c), a)), event({"a": 1, "b": 1})))
    assert found == [b, a]


def test_a_negation_leaves_no_evidence() -> None:
    assert list(reference.evidence(Not(Asked("a", Number(1))), event({}))) == []


def test_evidence_that_cannot_be_had_in_time_is_left_out() -> None:
    """The rule has matched by its first alternative; a second one must not undo that."""
    quick = Asked("a", Number(1))
    endless = Asked("b", Matches(Regex("(?=a)(a|aa)+$")))
    at = event({"a": 1, "b": "a" * 3000 + "b"})
    expression = Or((quick, endless))
    assert reference.holds(expression, at)
    assert list(reference.evidence(expression, at)) == [quick]
