"""What holds of a value is told in C as it is told in Python, remembered and paid for."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import expression
from engine.match.body import Numbers
from engine.match.fieldtests import LONGEST_KEPT, FieldTests
from engine.match.lineplan import _Slot
from engine.match.memory import ENTRY, Budget, Plain
from engine.match.native import NATIVE
from engine.match.pattern import Pattern, Regex
from engine.match.predicates import Compare, Exists, Matches, Number, Text

if not NATIVE:
    pytest.skip("the native finder was not built", allow_module_level=True)

from engine.match.finder import Finder, Purse, Values

WORDS = st.text("ab1.-\\", max_size=3)
PREDICATES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=3).map(lambda parts: Text(Pattern(tuple(parts)))),
    st.sampled_from(["b+", "a.b", "^1", r"\\b"]).map(lambda source: Matches(Regex(source))),
    st.sampled_from([1, 11, -1, 1.5, 0]).map(Number),
    st.booleans().map(Exists),
)
VALUES = st.one_of(
    st.text('abAB1.-\\ "\té', max_size=9),
    st.sampled_from(["1", "01", "+1", " 1 ", "1\t", "1.5", "-1", "1e0", "1_1", "0x1", "1" * 30]),
    st.sampled_from([1, 11, -1, 1.5, 0, 1e300, None, 2**70]),
)  # fmt: skip


def slot(predicates: list[Any], budget: Budget) -> _Slot:
    """What is remembered of a field of which so much is asked."""
    numbers = Numbers()
    tests = {numbers.of(test): test for test in (expression.Test("F", each) for each in predicates)}
    return _Slot(("F",), [FieldTests("F", tests, numbers, budget)], budget)


@given(st.lists(PREDICATES, max_size=12, unique=True), st.lists(VALUES, min_size=1, max_size=8))
@settings(max_examples=500, deadline=None)
def test_what_holds_is_the_same_in_c_and_in_python(
    predicates: list[Any], values: list[Any]
) -> None:
    native, plain = slot(predicates, Budget()), slot(predicates, Budget())
    ask = native.asks()
    assert isinstance(getattr(ask, "__self__", None), Values)
    for value in values:
        raw = None if value is None else orjson.dumps(value) if value != 2**70 else b"%d" % value
        wanted = plain.held_raw(raw)
        for _ in range(2):
            assert ask(raw) == wanted, raw
    assert native.raws.answers == plain.raws.answers
    kept = [native.raws.answers[raw] for raw in native.raws.answers]
    assert len({id(held) for held in kept}) == len(set(kept))


def test_what_only_python_can_tell_is_asked_there() -> None:
    network = [Compare.of("<", 5), Text(Pattern(("", "a", "")))]
    ask, plain = slot(network, Budget()).asks(), slot(network, Budget())
    for raw in (b'"3"', b'"a"', b"4", b"9", None):
        assert ask(raw) == plain.held_raw(raw)


def test_all_that_is_remembered_is_paid_for_and_forgotten_together() -> None:
    native, plain = Budget(3000), Budget(3000)
    plain.purse = Plain(3000, ENTRY)
    predicates = [Text(Pattern(("", "a1", ""))), Number(7)]
    asked, asks = slot(predicates, native), slot(predicates, plain).held_raw
    ask = asked.asks()
    for n in range(100):
        raw = b'"a%d"' % n if n % 3 else b'"%d"' % n
        assert ask(raw) == asks(raw)
        assert (native.purse.spent, native.resets) == (plain.purse.spent, plain.resets)
        assert native.entries == plain.entries
    assert native.resets > 3
    long = b'"%s"' % (b"x" * LONGEST_KEPT)
    before = native.purse.spent
    assert ask(long) == asks(long) == frozenset()
    assert native.purse.spent == before
    assert long not in asked.raws.answers


FOUND = Finder((b"abc",), (((1,), (), (), False),), {}, ())


@pytest.mark.parametrize("tests", [1, (1, {}), (FOUND,), (FOUND, []), (FOUND, {1: (None,)})])
def test_what_is_no_finder_is_refused(tests: Any) -> None:
    given: dict[str, Any] = {
        "held": {}, "same": {}, "purse": Purse(99, 1), "forget": id, "more": id, "other": id,
    }  # fmt: skip
    with pytest.raises(TypeError):
        Values(tests=lambda: tests, longest=9, **given).held_raw(b'"x"')


def test_what_goes_wrong_where_it_asks_is_told() -> None:
    def wrong(*_: Any) -> Any:
        raise LookupError

    right: dict[str, Any] = {
        "tests": lambda: (FOUND, {}), "held": {}, "same": {}, "purse": Purse(0, 1),
        "forget": lambda: None, "more": id, "other": id, "longest": 9,
    }  # fmt: skip
    assert Values(**right).held_raw(b'"abc"') == {1}
    for name, raw in (("tests", b'"x"'), ("forget", b'"x"'), ("other", b"1")):
        with pytest.raises(LookupError):
            Values(**right | {name: wrong, "held": {}, "same": {}}).held_raw(raw)
    with pytest.raises(TypeError):
        Values(**right | {"purse": Plain(9, 9)})
    with pytest.raises(TypeError):
        Purse(9, 9).spend("9")  # type: ignore[arg-type]
