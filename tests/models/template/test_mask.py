"""What counts as a value in a line."""

from __future__ import annotations

import calendar
import time

import pytest
from hypothesis import example, given

from models.template.mask import MASKS, MOST_WORDS, VERSION, Words, masked, undated, values
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
        ("at Sat Jun  8 02:08:12 2005", "at <*>"),
        ("[18/Jun/2005:02:08:12 +0200]", "[<*>]"),
        ("Sat, 18 Jun 2005 02:08:12.5 GMT: 18-Jun-2005", "<*>: <*>"),
        ("on Monday, September 3, 2005, 7:05 UTC.", "on <*>."),
        ("Jun 1805, Jun 18 1805 or 5 Jun 1805", "Jun <*>, <*> <*> or <*> <*>"),
        ("Sun, May I? 5 Mondays (June) Sat 5", "Sun, May I? <*> Mondays (June) Sat <*>"),
        ("jun 18, JUN 18, xJun 18, Jun 18th", "jun <*>, JUN <*>, xJun <*>, Jun <*>"),
        ("-Jun 18, Jun 18-5, Jun   18", "-Jun <*>, Jun <*>, Jun   <*>"),
        ("", ""),
        ("💥5💥", "💥<*>💥"),
    ],
)
def test_values_become_wild(text: str, form: str) -> None:
    assert masked(text) == form


@pytest.mark.parametrize("day", ["Sat ", "Saturday, ", ""])
@pytest.mark.parametrize("short", [True, False])
def test_dates_of_all_days_and_months_have_one_form(day: str, short: bool) -> None:
    months = calendar.month_abbr if short else calendar.month_name
    for number, month in enumerate([*months[1:], "Sept"]):
        name = calendar.day_abbr[number % 7] if short else calendar.day_name[number % 7]
        assert masked(f"at {name} {month} {number} 02:08:12 2005 up") == "at <*> up"
        assert masked(f"at {day}{number} {month} 2005 up") == "at <*> up"


def test_the_mask_that_knew_no_dates_is_kept() -> None:
    assert list(MASKS) == [VERSION, "3f06932acb66afd8"]
    before = MASKS["3f06932acb66afd8"]
    assert masked("at Sat Jun 18, 12-Dec-05", before) == "at Sat Jun <*>, <*>"


def test_values_are_found_from_left_to_right() -> None:
    assert values("a=1, b=10.0.0.7 c") == ["1", "10.0.0.7"]


@given(LINE)
@example("a\x1c5\x85b 6\u20037")
def test_word_by_word_the_form_is_that_of_the_line(line: str) -> None:
    assert Words().tokens(undated(line)) == tuple(masked(line).split())
    assert Words().tokens(line) == tuple(masked(line, None).split())


def test_words_are_not_kept_without_bound() -> None:
    words = Words()
    for number in range(MOST_WORDS + 10):
        words[str(number)]
    words["x" * 100_000]
    assert len(words) <= MOST_WORDS
    assert max(map(len, words)) < 1_000


@pytest.mark.parametrize(
    "bit",
    [
        "a-",
        "5-",
        "-",
        "5.",
        "aa",
        "0x",
        "a::",
        "-+",
        "f",
        "a-g",
        "Sat ",
        "Sat Jun 18 ",
        "Jun 18 02:08:12.",
    ],
)
def test_masking_takes_time_in_proportion_to_the_line(bit: str) -> None:
    def seconds(count: int) -> float:
        line = bit * count + "g"
        start = time.process_time()
        masked(line)
        return time.process_time() - start

    short, long = (min(seconds(count) for _ in range(3)) for count in (1_000, 10_000))
    assert long < 40 * short + 1e-3
