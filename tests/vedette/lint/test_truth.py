"""What is said of a condition without an event is true of every event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from engine.event import Event
from engine.logsource import bind
from engine.match.expression import And, Expression, Not, Or
from engine.match.expression import Test as Asked
from engine.match.reference import holds
from engine.normalise import normalise
from engine.ports import Record
from vedette.lint.truth import implies, impossible, inevitable

TESTS = [
    {"a": "x"},
    {"a": "y"},
    {"a": ""},
    {"a": 5},
    {"a": 6},
    {"a": None},
    {"a": "x*"},
    {"a": "*x*"},
    {"a": "x?"},
    {"a": "*"},
    {"a|contains": ""},
    {"a|contains": "xy"},
    {"a|startswith": "xy"},
    {"a|endswith": "yx"},
    {"a|cased": "X"},
    {"a|cased|contains": "X"},
    {"a|re": "^x"},
    {"a|exists": True},
    {"a|exists": False},
    {"a|gt": 5},
    {"a|lt": 5},
    {"a|gte": 5},
    {"a|lte": 5},
    {"a|lt": 6},
    {"a|neq": 5},
    {"a|cidr": "10.0.0.0/8"},
    {"a|cidr": "10.1.0.0/16"},
    {"a|cidr": "::/0"},
    {"a|fieldref": "b"},
]
VALUES: list[Any] = [
    None, "", "x", "X", "y", "xy", "xyx", "Xyx", "yx", "5", 5, "5.0", 6, 4, 5.5, "10.1.2.3",
    "10.2.2.3", "::ffff:10.1.2.3", "::1", ["x", "y"], [5, 6], ["xy", "yx"], "z",
]  # fmt: skip


def asked(detection: Mapping[str, Any]) -> Expression:
    rule = SigmaRule.from_dict(
        {
            "title": "x",
            "logsource": {"product": "any"},
            "detection": {"s": dict(detection), "condition": "s"},
        }
    )
    return bind(rule)[-1].body


ATOMS = [asked(test) for test in TESTS]
EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(lambda items: And(tuple(items)), st.lists(inner, min_size=1, max_size=4))
        | st.builds(lambda items: Or(tuple(items)), st.lists(inner, min_size=1, max_size=4))
    ),
    max_leaves=8,
)


def event(value: Any, other: Any = "x") -> Event:
    document = {"b": other} if value is None else {"a": value, "b": other}
    return normalise(Record(document, "test"))


@settings(max_examples=600, deadline=None)
@given(EXPRESSIONS)
def test_no_event_makes_the_impossible_true_or_the_inevitable_false(expression: Expression) -> None:
    for single in (frozenset[str](), frozenset({"a"})):
        never, always = impossible(expression, single), inevitable(expression, single)
        for value in VALUES:
            if isinstance(value, list) and single:
                continue
            answer = holds(expression, event(value))
            assert not (never and answer), value
            assert not (always and not answer), value


SINGLE = [atom for atom in ATOMS if isinstance(atom, Asked)]


@pytest.mark.parametrize("one", SINGLE, ids=str)
def test_what_a_test_implies_holds_wherever_it_does(one: Asked) -> None:
    for other in SINGLE:
        if implies(one, other):
            for value in VALUES:
                assert holds(other, event(value)) or not holds(one, event(value)), (other, value)


def test_an_expression_that_would_take_too_long_is_left_undecided() -> None:
    many = [asked({f"f{n}": "x", f"g{n}": "y"}) for n in range(60)]
    either = And(tuple(Or((item, Not(item))) for item in many))
    contradiction = And((either, asked({"a": "x"}), Not(asked({"a": "x"}))))
    assert not impossible(contradiction)


def test_depth_is_no_stumbling_block() -> None:
    expression: Expression = ATOMS[0]
    for _ in range(3000):
        expression = Not(Or((expression, ATOMS[1])))
    assert not impossible(expression, {"a"})
