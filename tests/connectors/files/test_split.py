"""Blocks are cut into the same lines in C and without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.split import NATIVE, plain, split

Split = Callable[[bytes, int, int], list[bytes]]

BOTH = pytest.mark.parametrize("cut", [plain, split], ids=["plain", "native" if NATIVE else "same"])


@BOTH
@given(before=st.binary(max_size=9), lines=st.lists(st.binary(max_size=40)), after=st.binary())
def test_lines_are_those_of_the_block_without_their_newlines(
    cut: Split, before: bytes, lines: list[bytes], after: bytes
) -> None:
    text = b"".join(line + b"\n" for line in lines)
    found = cut(before + text + after, len(before), len(before) + len(text))
    assert found == text.split(b"\n")[:-1]


@BOTH
@pytest.mark.parametrize(
    ("start", "end"), [(-1, 2), (2, 1), (0, 5), (0, 3), (1, 4), (5, 5), (-4, -2)]
)
def test_what_does_not_end_with_a_newline_or_is_no_place_is_an_error(
    cut: Split, start: int, end: int
) -> None:
    with pytest.raises(ValueError, match=r"newline|no such place"):
        cut(b"a\nbc", start, end)


@BOTH
def test_nothing_has_no_lines(cut: Split) -> None:
    assert cut(b"a\nb", 1, 1) == []
