"""What counts as a value in a line."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given

from models.template.mask import MOST_WORDS, Words, masked, values
from tests.models.template.lines import LINE, UUID


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("took 5 s", "took <*> s"),
        ("took 0.25s.", "took <*>."),
        ("blk_-123 is -5 or x=+5", "blk_<*> is <*> or x=<*>"),
        ("from 10.0.0.1:8080/24", "from <*>/<*>"),
        (f"[req-{UUID}]", "[req-<*>]"),
        ("fa:16:3e:ee:8c:da fe80::1", "<*> <*>"),
        ("2026-11-26T18:18:43.120Z up", "<*> up"),
        ("at 0x1F and ffff8801", "at <*> and <*>"),
        ("eth0 IPv6 sha256 user1", "eth0 IPv6 sha256 user1"),
        ("user added, dead-beef", "user added, dead-beef"),
        ("12-dogs", "<*>-dogs"),
        ("bad-5 bad-5g bad-x5", "<*> <*> bad-x5"),
        ("", ""),
        ("💥5💥", "💥<*>💥"),
    ],
)
def test_values_become_wild(text: str, form: str) -> None:
    assert masked(text) == form


def test_values_are_found_from_left_to_right() -> None:
    assert values("a=1, b=10.0.0.7 c") == ["1", "10.0.0.7"]


@given(LINE)
@example("a\x1c5\x85b 6\u20037")
def test_word_by_word_the_form_is_that_of_the_line(line: str) -> None:
    assert Words().tokens(line) == tuple(masked(line).split())


def test_words_are_not_kept_without_bound() -> None:
    words = Words()
    for number in range(MOST_WORDS + 10):
        words[str(number)]
    words["x" * 100_000]
    assert len(words) <= MOST_WORDS
    assert max(map(len, words)) < 1_000


@pytest.mark.parametrize("bit", ["a-", "5-", "-", "5.", "aa", "0x", "a::", "-+", "f", "a-g"])
def test_masking_takes_time_in_proportion_to_the_line(bit: str) -> None:
    def seconds(count: int) -> float:
        line = bit * count + "g"
        start = time.process_time()
        masked(line)
        return time.process_time() - start

    short, long = (min(seconds(count) for _ in range(3)) for count in (1_000, 10_000))
    assert long < 40 * short + 1e-3
