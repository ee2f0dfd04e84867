"""Long texts: short, on one line."""

from __future__ import annotations

import pytest

from models.explain.words import short


@pytest.mark.parametrize("size", [161, 700, 1_000_000])
def test_long_texts_are_cut_in_their_middle(size: int) -> None:
    text = short("a" * (size - 3) + "end")
    assert len(text) == 160
    assert text.startswith("aaa")
    assert text.endswith("end")
    assert "…" in text


def test_a_phrase_is_one_line() -> None:
    assert short("one\n two\r\n\tthree") == "one two three"
