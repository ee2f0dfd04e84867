"""A test of a value says of what an index has what it says of what a document has."""

from __future__ import annotations

import sys
from decimal import Decimal
from ipaddress import ip_network
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.match.pattern import Pattern, Regex
from engine.match.predicates import Boolean, Compare, Exists, InNetwork, Matches, Number, Text
from engine.needs.test import Test as Asked
from engine.needs.test import Tests as Made
from engine.needs.test import spellings


def text(*segments: str, cased: bool = False) -> Asked:
    return Asked(Text(Pattern(segments, cased)))


NUMBERS = [Number(4624), Number(5000), Number(0), Number(-1), Number(0.5), Number(1e22),
           Compare.of(">", 3), Text(Pattern(("4624",))), Text(Pattern(("50", ""))),
           Text(Pattern(("", "0"))), Text(Pattern(("1",))), Text(Pattern(("", "e+", ""))),
           Matches(Regex("^50+$")), Exists(wanted=True)]  # fmt: skip
tokens = st.builds(
    lambda sign, whole, part, power: sign + whole + part + power,
    st.sampled_from(["", "-"]),
    st.sampled_from(["0", "1", "5", "50", "4624", "4623", "9" * 19, "1" + "0" * 22]),
    st.sampled_from(["", ".0", ".5", ".000", "." + "9" * 20, ".62e0"[:3]]),
    st.sampled_from(["", "e3", "E3", "e0", "e-3", "e+2"]),
)


@pytest.mark.parametrize("predicate", NUMBERS, ids=str)
@given(token=tokens)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_number_is_asked_however_a_document_spelled_it(predicate: Any, token: str) -> None:
    asked, number = Asked(predicate), orjson.loads(token)
    if asked.anything or predicate.accepts(number) or predicate.accepts(token):
        assert asked.holds(token)
        assert asked.holds(token.lower())
        assert asked.literals is None or any(each in token.lower() for each in asked.literals)


def cut(value: str) -> int | None:
    """What a server makes of a number in a field of integers."""
    return int(Decimal(value.strip()))


@pytest.mark.parametrize("wanted", [4624, -4624, 0, 1, -1, 2**53 - 1])
@given(token=tokens, near=st.sampled_from(["", ".0", "." + "9" * 18, "." + "0" * 18 + "1"]),
       delta=st.integers(-1, 1), quoted=st.booleans())  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_integer_is_found_in_a_field_of_integers(
    wanted: int, token: str, near: str, delta: int, quoted: bool
) -> None:
    for asked in (Asked(Number(wanted)), text(str(wanted))):
        assert asked.number == wanted
        for spelled in (token, f"{wanted + delta}{near}"):
            value = spelled if quoted else orjson.loads(spelled)
            if asked.predicate.accepts(value):  # type: ignore[union-attr]
                integer = cut(spelled)
                assert integer is not None
                assert asked.rounded(integer)


def test_not_much_else_is_found_with_an_integer() -> None:
    asked = Asked(Number(11))
    assert [n for n in range(-20, 20) if asked.rounded(n)] == [10, 11]
    assert [n for n in range(-20, 20) if Asked(Number(0)).rounded(n)] == [0]
    assert [n for n in range(-20, 20) if Asked(Number(-1)).rounded(n)] == [-1, 0]


@pytest.mark.parametrize(("asked", "number"), [
    (Asked(Number(4624)), 4624), (Asked(Number(4624.0)), 4624), (Asked(Number(0.5)), None),
    (Asked(Number(2**53)), None), (Asked(Number(float("inf"))), None), (text("4624"), 4624),
    (text("04624"), None), (text("-0"), None), (text("-7"), -7), (text("46", ""), None),
    (text("9" * 16), None), (text("x"), None), (Asked(Compare.of("<", 5)), None),
    (Asked(Boolean(True)), None), (Asked(Exists(wanted=True)), None),
])  # fmt: skip
def test_an_equality_with_an_integer_is_told(asked: Asked, number: int | None) -> None:
    assert asked.number == number


@pytest.mark.parametrize(("asked", "boolean"), [
    (Asked(Boolean(True)), True), (Asked(Boolean(False)), False), (text("True"), True),
    (text("true", cased=True), True), (text("True", cased=True), None), (text("tru", ""), None),
])  # fmt: skip
def test_an_equality_with_a_boolean_is_told(asked: Asked, boolean: bool | None) -> None:
    assert asked.boolean is boolean


@pytest.mark.parametrize(("asked", "longest"), [
    (text("cmd.exe"), 7), (text("\U0001f600"), 2), (text("a", ""), None), (text("5"), None),
    (text("inf"), None), (Asked(Boolean(True)), 5), (Asked(Number(5)), None),
    (text("c?d".replace("?", Pattern.ANY_CHAR)), None), (text(""), 0),
    (Asked(InNetwork(ip_network("10.0.0.0/8"))), None),
])  # fmt: skip
def test_how_long_a_value_may_be_is_told_where_it_may_not_be_any(
    asked: Asked, longest: int | None
) -> None:
    assert asked.longest == longest


def test_no_letter_is_longer_in_lower_case_than_it_was_but_for_the_text() -> None:
    """What `longest` relies on: UTF-16 units never get fewer when a text is folded."""
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        lowered = letter.lower()
        if lowered != letter:
            assert len(lowered.encode("utf-16-le")) >= len(letter.encode("utf-16-le"))


@pytest.mark.parametrize(("asked", "literals"), [
    (text("", "Mimikatz", ""), ("mimikatz",)), (text("a", "bcd"), ("bcd",)), (text("", ""), None),
    (text("", "Mimikatz", "", cased=True), ("mimikatz",)), (Asked(Number(1)), None),
    (text("", "5000", ""), None), (text("", "1e-0", ""), None), (text("", "0x10", ""), ("0x10",)),
    (text("", "κόσμος", ""), ("κό",)), (Asked(Text(Pattern(("", "x", ""))), beyond=True), None),
])  # fmt: skip
def test_texts_that_values_have_are_told(asked: Asked, literals: tuple[str, ...] | None) -> None:
    assert asked.literals == literals


def test_a_value_that_lost_letters_in_an_index_may_be_any() -> None:
    assert text("x").holds("\ufffd")
    assert not text("x").holds("y")


def test_what_is_beyond_ascii_passes_where_only_ascii_can_be_told() -> None:
    asked = Asked(Text(Pattern(("", "katz", ""))), beyond=True)
    assert asked.holds("mimikatz")
    assert asked.holds("über")
    assert not asked.holds("uber")


def test_equal_tests_are_one() -> None:
    made = Made()
    one = made.of(Text(Pattern(("", "A", ""))))
    assert made.of(Text(Pattern(("", "a", "")))) is one
    assert made.of(Text(Pattern(("", "a", ""))), beyond=True) is not one
    assert {one: 1}[one]


@pytest.mark.parametrize(("value", "found"), [
    ("x", ("x",)), ("5", ("5",)), ("5e3", ("5e3", 5000.0)), ("4624.0", ("4624.0", 4624.0)),
    ("1.5", ("1.5",)), ("10.0.0.7", ("10.0.0.7",)), ("-0", ("-0", 0)), ("05.0", ("05.0",)),
    ("9" * 30, ("9" * 30, 1e30)), (7, (7,)), (True, (True,)), ("1e999", ("1e999", float("inf"))),
    ("", ("",)),
])  # fmt: skip
def test_a_text_is_asked_as_the_number_that_it_may_be(value: Any, found: tuple[Any, ...]) -> None:
    assert spellings(value) == found
