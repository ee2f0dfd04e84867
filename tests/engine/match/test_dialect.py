"""An expression means the same on the stoppable engine as on RE2."""

from __future__ import annotations

import pytest
import re2
import regex
from hypothesis import given
from hypothesis import strategies as st

from engine.match.dialect import for_regex
from engine.match.pattern import Regex

ATOMS = st.sampled_from(
    ["a", "i", "I", "k", "s", "\u0130", "\u0131", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S",
     r"\b", r"\B", "[a-c]", "[^i]", "[h-j]", r"[\d_]", r"[^\s]", "[[:alpha:]]", "[[:space:]x]",
     r"[\W]", r"[^\Wk]", "[\u0130x]",
     "^", "$", "(?:ab)", "(k|s)", "(?:x{2})", "(?:x{1,})", r"\{", "{", r"\$", "[$]", "(?:)", r"\\"]
)  # fmt: skip
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "??", "{0,2}"])
EXPRESSIONS = st.lists(st.tuples(ATOMS, REPEATS), max_size=5).map(
    lambda parts: "".join(
        atom + ("" if atom in ("^", "$", r"\b", r"\B", "{") else repeat) for atom, repeat in parts
    )
)
LETTERS = st.sampled_from([*"aiIksSK1_ xb$\\{\n\t\v", "\u0130", "\u0131", "\u212a", "\u017f",
                           "\u0664", "\u00e9", "\u00a0", "😀"])  # fmt: skip
VALUES = st.lists(LETTERS, max_size=6).map("".join)


@pytest.mark.parametrize(
    "letter", ["k", "K", "\u212a", "s", "\u017f", "I", "\u0130", "\u0131", "1", "-"]
)
@pytest.mark.parametrize(
    "source",
    [r"\w", r"\W", r"a\w", r"[\w]", r"[^\w]", r"[\W]", r"[^\W]", r"[\Wk]", r"[^\Wi]", r"[\W\d]",
     r"[\x41-\x5a]", r"[^\x41-\x5a]", "[\u0130]", "[^\u0100-\u017f]"],
)  # fmt: skip
def test_letters_of_words_are_the_same_when_case_does_not_count(source: str, letter: str) -> None:
    found = regex.search(for_regex(source, "i"), f"a{letter}") is not None
    assert Regex(source, "i").search(f"a{letter}") is found


@pytest.mark.filterwarnings("ignore:Possible nested set")  # of `re`, which is not asked
@given(EXPRESSIONS, st.sampled_from(["", "i", "m", "s", "im"]), st.lists(VALUES, max_size=8))
def test_both_engines_find_the_same(source: str, flags: str, values: list[str]) -> None:
    linear = Regex(source, flags)
    assert linear.linear, source
    stoppable = regex.compile(for_regex(source, flags))
    for value in values:
        assert linear.search(value) is (stoppable.search(value) is not None), (source, value)


def test_every_letter_has_the_same_others_when_case_does_not_count() -> None:
    letters = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]
    cased = [c for c in letters if len({c, c.lower(), c.upper(), c.casefold()}) > 1]
    assert len(cased) > 2500
    text = "".join(cased)
    for letter in cased:
        alike = {*re2.compile(f"(?i){letter}").findall(text)}
        assert {*regex.compile(for_regex(letter, "i")).findall(text)} == alike


def test_an_expression_that_says_what_its_letters_are_is_left_as_it_is() -> None:
    for source in (r"(?u)\d(?=x)", r"(?a)\w$(?=x)", "(?x) a # [ {\n (?=x)"):
        assert for_regex(source, "") == source
    assert for_regex(r"(?u)\d", "i") == r"(?i)(?u)\d"


def test_what_opens_a_group_is_no_part_of_the_expression() -> None:
    assert for_regex("(?i)(?P<i>a)(?P=i)(?-i:b)(?#i$)", "") == "(?i)(?P<i>a)(?P=i)(?-i:b)(?#i$)"
