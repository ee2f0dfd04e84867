"""Reasons as phrases: ranked, different, short, on one line."""

from __future__ import annotations

import pytest

from models.base import Reason
from models.explain.words import phrases, sentence, short


def reason(contribution: float, text: str) -> Reason:
    return Reason("x", contribution, text)


def test_the_weightiest_comes_first_and_nothing_is_said_twice() -> None:
    reasons = [reason(1, "low"), reason(5, "high"), reason(4, "high"), reason(2, " ")]
    assert phrases(reasons) == ["high", "low"]
    assert sentence(reasons, most=1) == "high"


def test_no_reason_is_said_to_be_none() -> None:
    assert sentence([]) == "no single reason stands out"


@pytest.mark.parametrize("size", [161, 700, 1_000_000])
def test_long_texts_are_cut_in_their_middle(size: int) -> None:
    text = short("a" * (size - 3) + "end")
    assert len(text) == 160
    assert text.startswith("aaa")
    assert text.endswith("end")
    assert "…" in text


def test_a_phrase_is_one_line() -> None:
    assert short("one\n two\r\n\tthree") == "one two three"
