"""The native mask makes of any line the form that the pattern makes."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.template.mask import VERSION
from models.template.native import NATIVE
from tests.models.template.lines import LINE
from tests.models.template.mutants import check, line

if not NATIVE:
    pytest.skip("the native mask was not built", allow_module_level=True)

from models.template import masker


@given(LINE | st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_the_form_is_that_of_the_pattern(text: str) -> None:
    check(text)


def test_hard_lines_are_masked_as_by_the_pattern() -> None:
    source = random.Random(7)
    for _ in range(3_000):
        check(line(source))


def test_every_character_is_what_the_pattern_takes_it_for() -> None:
    for start in (*range(0, 0x10000, 256), 0x10000, 0x1F300, 0xE0000, 0x10FF00):
        chars = map(chr, range(start, start + 256))
        check("".join(f"5{char}a {char}5 b{char}{char}7x" for char in chars))


@pytest.mark.parametrize("size", [1_364, 1_365, 1_366, 4_096, 100_000])
def test_long_lines_are_masked_too(size: int) -> None:
    for bit in ("5", "5 ", "a-", "x", " ", "é", "\ud800"):
        check((bit * size)[:size])


@pytest.mark.parametrize(
    "bit",
    [
        "a-",
        "5-",
        "-",
        "aa",
        "a::",
        "-+",
        "f",
        "a-g",
        "5\u2003",
        "Sat ",
        "Sat Jun 18 ",
        "Jun 18 02:08:12.",
    ],
)
def test_masking_takes_time_in_proportion_to_the_line(bit: str) -> None:
    def seconds(count: int) -> float:
        text = bit * count + "g"
        start = time.process_time()
        masker.form(text)
        return time.process_time() - start

    short, long = (min(seconds(count) for _ in range(3)) for count in (20_000, 200_000))
    assert long < 40 * short + 1e-3


def test_what_is_known_is_not_asked_and_what_is_not_is_in_the_order_of_lines() -> None:
    asked: list[str] = []

    def ask(form: str) -> int:
        asked.append(form)
        return known.setdefault(form, len(asked))

    known = {"port <*>": 70}
    lines = ["port 5", "up  5", "down", " up 6 ", "", "down"]
    assert masker.answers(lines, known, ask) == [70, 1, 2, 1, 3, 2]
    assert asked == ["up <*>", "down", ""]
    assert masker.answer("port 6", known, ask) == 70


def test_whoever_is_asked_may_change_the_list_and_what_is_known() -> None:
    lines = [f"line {'x' * n}" for n in range(50)]
    known: dict[str, int] = {}

    def ask(form: str) -> int:
        known.clear()
        del lines[-1:]
        return len(form)

    assert masker.answers(lines, known, ask) == [4, *range(6, 30)]


@pytest.mark.parametrize(
    "told",
    [("form", 5), ("form", b"x"), ("answer", "x"), ("answer", "x", [], len), ("answer", 5, {}, len),
     ("answers", "xy", {}, len), ("answers", ["x", None], {}, len), ("answers", ["x"], {}, None)],
)  # fmt: skip
def test_what_it_cannot_use_is_an_error(told: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, SystemError)):
        getattr(masker, str(told[0]))(*told[1:])


def test_it_is_of_the_same_mask_and_not_used_for_another() -> None:
    assert masker.VERSION == VERSION
    code = (
        "import models.template.mask as mask; mask.VERSION = 'other'\n"
        "from models.template.native import NATIVE, cache\n"
        "print(NATIVE, type(cache(len)).__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False Front\n"
