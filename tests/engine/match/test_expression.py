"""The tree of a condition."""

from __future__ import annotations

from engine.match.expression import ALWAYS, And, Not, Or, fields
from engine.match.expression import Test as Asked
from engine.match.expression import tests as all_tests
from engine.match.predicates import Exists, Number, SameAs
from engine.match.reference import holds
from tests.engine.helpers import event

A, B = Asked("a", Number(1)), Asked("b", SameAs("c"))
KEYWORD = Asked(None, Number(2))
TREE = And((Or((A, Not(B))), KEYWORD, A))


def test_all_tests_are_found_from_left_to_right() -> None:
    assert list(all_tests(TREE)) == [A, B, KEYWORD, A]


def test_fields_are_those_read_and_those_compared_with() -> None:
    assert fields(TREE) == {"a", "b", "c"}


def test_the_empty_conjunction_is_always_true_and_the_empty_alternative_never() -> None:
    assert holds(ALWAYS, event({}))
    assert not holds(Or(()), event({}))


def test_equal_tests_are_one_key() -> None:
    assert len({A, Asked("a", Number(1)), Asked("a", Exists(True))}) == 2


def test_a_test_says_its_field() -> None:
    assert str(A) == "a = 1"
    assert str(KEYWORD) == "any value = 2"
