"""Single questions to values; what they mean in rules is under `tests/cases/match/`."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.match.pattern import Pattern, Regex
from engine.match.predicates import (
    Boolean,
    Compare,
    Exists,
    InNetwork,
    Matches,
    Number,
    Predicate,
    SameAs,
    Scalar,
    Text,
    TimePart,
    as_number,
    as_text,
)
from tests.engine.helpers import event

SCALARS = st.text() | st.integers() | st.floats(allow_nan=False) | st.booleans()
V4, V6 = ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fe80::/10")
EVERY: list[Predicate] = [
    Text(Pattern(("", "a", ""))),
    Matches(Regex("a+")),
    Number(1),
    Boolean(True),
    Exists(True),
    Exists(False),
    InNetwork(V4),
    InNetwork(V6),
    Compare.of(">", 1),
    SameAs("other"),
    SameAs("other", starts=True, ends=True),
    TimePart("hour", 1),
    TimePart("week", 1),
]


@pytest.mark.parametrize("predicate", EVERY, ids=str)
@given(values=st.lists(SCALARS, max_size=3).map(tuple))
def test_no_value_breaks_a_predicate(predicate: Predicate, values: tuple[Scalar, ...]) -> None:
    assert predicate.holds(values, event({"other": "a"})) in (True, False)


@pytest.mark.parametrize("predicate", EVERY, ids=str)
def test_only_the_question_whether_it_is_missing_holds_of_a_missing_field(predicate: Any) -> None:
    assert predicate.holds((), event({})) is (predicate == Exists(False))


@given(values=st.lists(SCALARS, min_size=1, max_size=4).map(tuple))
@pytest.mark.parametrize("predicate", [p for p in EVERY if not isinstance(p, Exists)], ids=str)
def test_of_several_values_any_will_do(predicate: Predicate, values: tuple[Scalar, ...]) -> None:
    ask = event({"other": "a"})
    assert predicate.holds(values, ask) is any(predicate.holds((v,), ask) for v in values)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (5, "5"), (-5, "-5"), (5.0, "5"), (2.5, "2.5"), (True, "true"), (False, "false"),
     (1e300, str(int(1e300))), (-0.0, "0"), ("", "")],
)  # fmt: skip
def test_values_as_text(value: Scalar, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [("5", 5), (" 5 ", 5), ("-5", -5), ("+5", 5), ("5.5", 5.5), ("1e3", 1000), (5, 5), (2.5, 2.5),
     ("9007199254740993", 9007199254740993)],
)  # fmt: skip
def test_numbers_and_texts_that_are_one(value: Scalar, number: float) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    "value",
    ["", " ", "x", "5x", "0x10", "1_000", "1,000", "\uff11\uff10", "٣", "nan", "inf", "-Infinity",
     True, False, "9" * 5000, "1e999"],
)  # fmt: skip
def test_what_is_no_number(value: Scalar) -> None:
    assert as_number(value) is None


@given(st.integers())
def test_a_number_equals_its_own_text(number: int) -> None:
    assert Number(number).accepts(str(number))
    assert Number(number).accepts(number)


@given(st.integers(), st.integers())
def test_comparisons_exclude_each_other(a: int, b: int) -> None:
    held = {symbol for symbol in ("<", "<=", ">", ">=", "!=") if Compare.of(symbol, b).accepts(a)}
    assert held in ({"<", "<=", "!="}, {">", ">=", "!="}, {"<=", ">="})


@given(st.ip_addresses(v=4))
def test_an_address_is_in_a_range_however_it_is_written(address: ipaddress.IPv4Address) -> None:
    inside = address in V4
    network = InNetwork(V4)
    assert network.accepts(str(address)) is inside
    assert network.accepts(f"::ffff:{address}") is inside
    assert InNetwork(V6).accepts(str(address)) is False


def test_only_a_field_reference_reads_another_field() -> None:
    assert [p for p in EVERY if tuple(p.other_fields())] == [
        SameAs("other"),
        SameAs("other", True, True),
    ]
    assert tuple(SameAs("other").other_fields()) == ("other",)


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        (Text(Pattern(("a",))), "= 'a'"),
        (Matches(Regex("a+")), "matches /a+/"),
        (Number(1), "= 1"),
        (Boolean(True), "= true"),
        (Exists(True), "has a value"),
        (Exists(False), "is missing or null"),
        (InNetwork(V4), "in 10.0.0.0/8"),
        (Compare.of(">=", 2), ">= 2"),
        (SameAs("B"), "equals the value of B"),
        (SameAs("B", starts=True), "starts with the value of B"),
        (SameAs("B", ends=True), "ends with the value of B"),
        (SameAs("B", starts=True, ends=True), "contains the value of B"),
        (TimePart("hour", 3), "has hour 3"),
    ],
)
def test_a_predicate_says_what_it_asks(predicate: Predicate, said: str) -> None:
    assert str(predicate) == said
