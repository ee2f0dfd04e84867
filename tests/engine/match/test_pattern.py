"""Wildcards equal a slow and obvious matcher, and neither they nor expressions can hang."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.match.pattern import Pattern, PatternError, Regex, RegexTimeoutError, fold

ANY = Pattern.ANY_CHAR
LETTERS = st.sampled_from(
    ["a", "A", "b", "ß", "Σ", "\u03c3", "\u03c2", "İ", "i", "😀", "\n", "\ud800", "K", "."]
)
VALUES = st.text(LETTERS, max_size=12) | st.text(max_size=12)
SEGMENTS = st.lists(st.text(LETTERS | st.just(ANY), max_size=4), min_size=1, max_size=4)


def fits(segments: tuple[str, ...], text: str) -> bool:
    """Whether a text fits, by trying every way: the definition."""
    pattern = "*".join(segments)

    def rest(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        if pattern[p] == "*":
            return any(rest(p + 1, later) for later in range(t, len(text) + 1))
        return t < len(text) and pattern[p] in (ANY, text[t]) and rest(p + 1, t + 1)

    return rest(0, 0)


def no_stars(text: str) -> str:
    return text.replace("*", "+").replace(ANY, "+")


@given(SEGMENTS, VALUES)
@example(["aba", "aba"], "ababa")
@example(["", "a" + ANY, ""], "ba\n")
@example(["", "ΟΔΟΣ", ""], "ΟΔΟΣΣ")
def test_a_pattern_fits_exactly_what_trying_every_way_fits(parts: list[str], value: str) -> None:
    segments = tuple(part.replace("*", "+") for part in parts)
    folded = tuple(fold(segment) for segment in segments)
    assert Pattern(segments).matches(no_stars(value)) is fits(folded, fold(no_stars(value)))


@given(SEGMENTS, VALUES)
def test_a_cased_pattern_too(parts: list[str], value: str) -> None:
    segments = tuple(part.replace("*", "+") for part in parts)
    assert Pattern(segments, cased=True).matches(no_stars(value)) is fits(segments, no_stars(value))


@given(VALUES, VALUES, VALUES)
def test_a_text_is_found_in_every_text_that_has_it(before: str, text: str, after: str) -> None:
    text, whole = no_stars(text), before + no_stars(text) + after
    assert Pattern(("", text, "")).matches(whole)
    assert Pattern((text,)).matches(text)
    assert Pattern(("", text, "")).matches(whole.lower())


@given(SEGMENTS, VALUES)
def test_a_fitting_value_has_all_of_the_literals(parts: list[str], value: str) -> None:
    """What a fast evaluator may look for first."""
    pattern = Pattern(tuple(part.replace("*", "+") for part in parts))
    if pattern.matches(value):
        assert all(literal in value.lower() for literal in pattern.literals)
    if pattern.literal is not None:
        assert pattern.matches(value) is (value.lower() == pattern.literal)


def test_there_is_always_a_literal_to_look_for() -> None:
    assert Pattern(("",)).literals == [""]
    assert "" in Pattern((ANY,)).literals


@pytest.mark.parametrize(
    "segments",
    [
        ("", *["a"] * 1000, "b"),
        ("", *["aa"] * 1000, "b", ""),
        ("", "a" * 5000 + "b", ""),
        ("", "ab" * 500 + "c", ""),
        ("", *["a" * 20 + "b"] * 100, ""),
    ],
    ids=["many stars", "pairs", "long prefix", "repeating", "many long"],
)
def test_a_megabyte_against_hostile_stars_takes_under_50_ms(segments: tuple[str, ...]) -> None:
    pattern, value = Pattern(segments), "a" * (1 << 20)
    assert pattern.matches(value) is False
    assert _fastest(lambda: pattern.matches(value)) < 0.05


def _fastest(call: object) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        call()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (("a",), "= 'a'"),
        (("", "a", ""), "contains 'a'"),
        (("a", ""), "starts with 'a'"),
        (("", "a"), "ends with 'a'"),
        (("a", "b"), "like 'a*b'"),
        (("", ""), "like '*'"),
        ((f"a{ANY}",), "= 'a?'"),
        (("", "a", "b", ""), "like '*a*b*'"),
    ],
)
def test_a_pattern_says_what_it_wants(segments: tuple[str, ...], said: str) -> None:
    assert str(Pattern(segments)) == said


def test_case_that_counts_is_said() -> None:
    assert str(Pattern(("A",), cased=True)) == "= 'A' (case counts)"


def test_an_expression_that_explodes_when_backtracking_runs_in_linear_time() -> None:
    regex = Regex("(a+)+$")
    assert regex.linear
    assert _fastest(lambda: regex.search("a" * (1 << 18) + "b")) < 0.5


@pytest.mark.parametrize(
    "source", ["(?!x)(a+)+$", r"(?<=^)(a+)+$", r"^(a?)(a+)+\1$", "(a+)++(?=c)(a+)+$"]
)
def test_what_the_linear_engine_cannot_do_runs_on_the_stoppable_one(source: str) -> None:
    assert not Regex(source).linear


def test_a_search_without_end_is_stopped() -> None:
    start = time.process_time()
    with pytest.raises(RegexTimeoutError, match=r"took over 0\.02 s"):
        Regex("(?=a)(a|aa)+$").search("a" * 3000 + "b")
    assert time.process_time() - start < 1


@pytest.mark.parametrize("source", ["a(", "[", "*a", r"\1", "(?P<n", "a{2,1}"])
def test_an_expression_that_means_nothing_is_refused(source: str) -> None:
    with pytest.raises(PatternError, match="regular expression"):
        Regex(source)


@given(st.text(max_size=8), st.text(max_size=8))
def test_no_expression_or_value_breaks_the_engine(source: str, value: str) -> None:
    try:
        regex = Regex(source)
    except PatternError:
        return
    assert regex.search(value) in (True, False)


@pytest.mark.parametrize("source", ["a.c", "(?!x)a.c"])
def test_lone_surrogates_do_no_harm(source: str) -> None:
    assert Regex(source).search("a\ud800c")
    assert Regex("\ud800").search("a\ud800c")


@given(VALUES)
def test_both_engines_agree_on_plain_expressions(value: str) -> None:
    plain = value.encode("utf-8", "replace").decode()
    for source, flags in [("^a", ""), ("a.b", "s"), ("^b", "m"), ("[ab]+c?", "i"), (r"\n", "")]:
        linear, stoppable = Regex(source, flags), Regex(f"(?!\0){source}", flags)
        assert (linear.linear, stoppable.linear) == (True, False)
        assert linear.search(plain) is stoppable.search(plain)
