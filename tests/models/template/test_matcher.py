"""A compiled line fits exactly the lines of its masked form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.template import mask
from models.template.mask import VALUE
from models.template.matcher import matcher as compiled
from tests.models.template.lines import LINE, UUID, WORDS

OTHERS = st.sampled_from(
    ["5", "-5", "+5", "5.2", "0.0.0.1", "a5", "bad", "bad-5", "5-bad", "5-", "g5", "0x1f", "5x",
     UUID, UUID.replace("4", "a"), "dead", "", "5 5", "5\n", "-", "5.", "feed-1", "12345678"]
)  # fmt: skip
"""What may stand in the place of a value, be it one or not."""


def masked(line: str) -> str:
    """Its form; the caches take dates in words out before they ask for a pattern."""
    return mask.masked(line, None)


def matcher(line: str) -> Callable[[str], object]:
    """The line's pattern; one that fits nothing where there is none."""
    return compiled(line) or (lambda _: False)


@st.composite
def alike(draw: st.DrawFn) -> tuple[str, str]:
    """A line, and the line with other texts in the places of its values."""
    line = draw(LINE)
    return line, VALUE.sub(lambda _: draw(OTHERS), line)


@settings(max_examples=400)
@given(alike())
@example(("bad-+5", "bad-5"))
@example(("bad---5", "bad--5"))
@example(("1-beef-2-3-4", "12345678-beef-1234-1234-123456789012"))
@example(("1000.2.3.4", "1.2.3.4"))
@example(("5\n", "5"))
@example(("a-" * 9 + "5", "a-" + "5"))
def test_it_fits_a_line_of_the_same_form_only(pair: tuple[str, str]) -> None:
    line, other = pair
    assert not matcher(line)(other) or masked(line) == masked(other)


@settings(max_examples=200)
@given(LINE, st.lists(WORDS, max_size=6).map("".join))
def test_it_fits_no_line_of_another_form(line: str, other: str) -> None:
    assert not matcher(line)(other) or masked(line) == masked(other)


@given(LINE)
def test_it_fits_its_own_line(line: str) -> None:
    fits = compiled(line)
    assert fits is None or fits(line)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("took 5 s", "took 12.75 s"),
        (f"[req-{UUID}] up", "[req-00ffee11-abcd-4bcd-beef-000000000001] up"),
        ("x=5", "x=-5"),
        ("from 10.0.0.1: no", "from 10.0.0.22: no"),
        ("at ffff8801", "at a0"),
    ],
)
def test_it_fits_what_only_has_other_values(line: str, other: str) -> None:
    assert masked(line) == masked(other)
    assert matcher(line)(other)


def test_a_line_in_which_too_many_words_come_before_a_digit_gets_no_pattern() -> None:
    assert compiled("a-" * 9 + "5") is None
    assert compiled("a-" * 8 + "5") is not None
