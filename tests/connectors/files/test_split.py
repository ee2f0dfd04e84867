"""Blocks are cut into the same lines in C and without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.json_lines import whole_lines
from connectors.files.limits import Context, Limits
from connectors.files.split import NATIVE, plain, split
from engine.errors import Problem

Split = Callable[[list[bytes], bytes], tuple[list[bytes], bytes] | None]

BOTH = pytest.mark.parametrize("cut", [plain, split], ids=["plain", "native" if NATIVE else "same"])


@BOTH
@given(parts=st.lists(st.binary(max_size=9)), block=st.binary(max_size=99))
def test_lines_are_those_that_end_in_a_block_behind_what_came_before(
    cut: Split, parts: list[bytes], block: bytes
) -> None:
    parts = [part.replace(b"\n", b"") for part in parts]
    found = cut(parts, block)
    if b"\n" not in block:
        assert found is None
    else:
        *lines, rest = (b"".join(parts) + block).split(b"\n")
        assert found == (lines, rest)


@BOTH
def test_a_line_that_began_long_before_is_whole(cut: Split) -> None:
    assert cut([], b"") is None
    assert cut([b"a", b"", b"b"], b"\n") == ([b"ab"], b"")
    assert cut([b"a" * 3000] * 3, b"b\n\nc") == ([b"a" * 9000 + b"b", b""], b"c")


def test_what_is_no_bytes_is_refused() -> None:
    if NATIVE:
        for parts, block in (([b"a", "b"], b"\n"), ((b"a",), b"\n"), ([], "\n")):
            with pytest.raises(TypeError):
                split(parts, block)  # type: ignore[arg-type]


@given(st.lists(st.binary(max_size=12)), st.lists(st.sampled_from((b"", b"\n"))))
def test_lines_over_the_limit_are_blank_and_told_however_the_blocks_fall(
    parts: list[bytes], ends: list[bytes]
) -> None:
    blocks = [part + end for part, end in zip(parts, ends, strict=False)]
    told: list[Problem] = []
    found = [
        line
        for lines in whole_lines(blocks, Context("f", told.append, Limits(line=5)))
        for line in lines
    ]
    wanted = b"".join(blocks).split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert found == [line if len(line) <= 5 else b"" for line in wanted]
    assert [problem.line for problem in told] == [
        number for number, line in enumerate(wanted, 1) if len(line) > 5
    ]
    sizes = [f"{len(line)} bytes" for line in wanted if len(line) > 5]
    assert [problem.message.partition(";")[0] for problem in told] == sizes
