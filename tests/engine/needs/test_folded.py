"""What a value passes, it passes in lower case too, where that is said."""

from __future__ import annotations

import sys
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.match.pattern import Pattern, Regex, fold
from engine.match.predicates import Boolean, Compare, InNetwork, Matches, Number, OneField, Text
from engine.needs.folded import DOTTED, AnyCase, certain, keeps, returns, weaker
from engine.needs.test import Test as Asked
from tests.engine.needs.index import lucene_lower

LETTERS = "aAiIkKsSzZ\u0130\u0131\u017f\u212a\u212b\u00e5\u00df\u1e9e\u03c3\u03a3\u03c2\u0307"
LETTERS += "\u2013-1 .\n\\\u01c5\u2160\ua7c5"
PATTERNS = ["", "a", "i", "k", "sk", "i\u0307", "\u03c3", "\u00e5", "\u00df", "-", "\u2013", "1.",
            Pattern.ANY_CHAR, f"a{Pattern.ANY_CHAR}i", "\u2170", "\u01c6"]  # fmt: skip
SOURCES = ["k", "(?i)k", "[a-k]+s", "[^k]", "[^\\\\]k", r"\bk", r"\Wk", r"\wk", r"\Sk\s?", "^i.k$",
           "(?:a|k){2}", "(?i:k)", "(?-i:k)", "a(?=k)", "[^-]{2}k", r"\Ak", "i?s",
           "(?s).k", "(?P<x>s)k", "[Z-a]k", "\u212a", "(a)k", "[^A-Z]k", "[^\\w]k",
           "[^\\d\\s]k", "[\\D]k", "k\\Z"]  # fmt: skip
predicates = st.one_of(
    st.builds(
        lambda segments, cased: Text(Pattern(tuple(segments), cased)),
        st.lists(st.sampled_from(PATTERNS) | st.text(LETTERS, max_size=2), min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(
        lambda source, flags: Matches(Regex(source, flags)),
        st.sampled_from(SOURCES), st.sampled_from(["", "i", "s", "im"]),
    ),
    st.sampled_from([Boolean(True), Number(1), Compare.of(">", 0),
                     InNetwork(ip_network("2001:db8::/32"))]),
)  # fmt: skip
values = st.text(LETTERS, max_size=6) | st.sampled_from(["TRUE", "1E0", "2001:DB8::A", "1\u00a0"])


@given(predicate=predicates, value=values)
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_passes_also_passes_in_lower_case(predicate: OneField, value: str) -> None:
    if not predicate.accepts(value):
        return
    lowered = lucene_lower(value)
    if keeps(predicate):
        assert predicate.accepts(lowered)
    less = weaker(predicate)
    if less is not None:
        asked = Asked(less[0], less[1])
        assert asked.holds(value)
        assert asked.holds(lowered)
        assert asked.folded


@given(predicate=predicates, value=values, dots=st.booleans())
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_passes_in_lower_case_also_passes_as_it_is(
    predicate: OneField, value: str, dots: bool
) -> None:
    dotted = value.replace("\u0130", DOTTED) if dots else value
    if returns(predicate, dots=dots) and predicate.accepts(lucene_lower(dotted)):
        assert predicate.accepts(value)


@pytest.mark.parametrize(("segments", "dots", "told"), [
    (("", "katz", ""), False, True), (("", "mimi", ""), False, False),
    (("", "mimi", ""), True, True), (("", "\u00e5", ""), True, False), (("k?",), True, False),
    (("", ""), False, True),
])  # fmt: skip
def test_texts_of_ascii_are_told_where_an_i_is_nothing_else(
    segments: tuple[str, ...], dots: bool, told: bool
) -> None:
    text = Pattern(tuple(each.replace("?", Pattern.ANY_CHAR) for each in segments))
    assert returns(Text(text), dots=dots) is told
    assert not returns(Text(Pattern(text.segments, cased=True)), dots=dots)
    assert not returns(Matches(Regex("k", "i")), dots=dots)


@pytest.mark.parametrize(("segments", "value"), [
    (("a??b",), "a\u0130b"), (("", "i\u0307", ""), "\u0130"), (("i?",), "\u0130"),
])  # fmt: skip
def test_a_capital_i_with_a_dot_is_one_letter_there_and_two_here(
    segments: tuple[str, ...], value: str
) -> None:
    text = Text(Pattern(tuple(each.replace("?", Pattern.ANY_CHAR) for each in segments)))
    assert text.accepts(value)
    assert not text.accepts(lucene_lower(value))
    assert not keeps(text)


def test_certain_letters_are_those_that_lucene_writes_as_we_do() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        folded = fold(letter)
        if folded != letter and any(map(certain, folded)):
            lowered = fold(lucene_lower(letter))
            assert lowered == folded or (letter == "\u0130" and lowered == "i"), hex(code)


@pytest.mark.parametrize("letter", ["\u0307", "\u01c5", "\u10a0", "\u2160", "\u24b6", "\u4e00"])
def test_other_letters_are_not_certain(letter: str) -> None:
    assert not certain(letter)


@pytest.mark.parametrize(
    "letter", ["a", "\u00e5", "\u03c3", "\u0436", "\u2013", "\u2015", "$", "1"]
)
def test_these_are(letter: str) -> None:
    assert certain(letter)


@pytest.mark.parametrize(("source", "flags", "kept"), [
    ("mimi", "", False), ("mimi", "i", True), ("(?i)mimi", "", True), (r"\bmimi", "i", False),
    (r"[^\\]+\.exe", "i", True), ("[^a]", "i", False), (r"\Wk", "i", False), (r"\S+", "i", True),
    ("(?-i:k)", "i", False), ("[[:upper:]]", "i", False), ("k(?=s)", "i", False),
])  # fmt: skip
def test_an_expression_without_regard_to_case_is_kept(source: str, flags: str, kept: bool) -> None:
    assert keeps(Matches(Regex(source, flags))) is kept


@pytest.mark.parametrize(("source", "less"), [
    ("Mimi", "matches /Mimi/"), (r"\bMimi", "contains 'mimi'"), ("k(?=atz)", "contains 'k'"),
    (r"\b", None),
])  # fmt: skip
def test_of_other_expressions_less_is_asked(source: str, less: str | None) -> None:
    found = weaker(Matches(Regex(source)))
    assert (found and str(found[0])) == less
    assert found is None or keeps(found[0])


@pytest.mark.parametrize("source", ["(", "k(?=s)", "(?:(?:(?:ab?){99}){99}){9}"])
def test_what_cannot_be_made_or_may_take_long_is_found_in_any_value(source: str) -> None:
    assert AnyCase(source, "i").search("x")
    assert not AnyCase("k", "i").search("x")
    assert AnyCase("k", "i").search("K")
