"""What the native reader guesses and has cached changes nothing of what it says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.native import NATIVE
from tests.engine.match.mutants import KEPT, read

if not NATIVE:
    pytest.skip("the native reader was not built", allow_module_level=True)

from engine.match.reader import Chooser, Reader

KEYS = ("a", "Image", "TargetObject", "ParentImage1", "n8_bytes", "k" * 15, "k" * 16, "k" * 70)
"""Of which the values are read; as long as they are to be compared in all ways."""
MORE = ("ParentProcessId", "é", "q" * 15)
"""Others."""
VALUES = tuple(b'"%s%d"' % (b"v" * size, n) for size in (1, 36, 37, 38, 600, 4100) for n in (0, 1))
"""On both sides of what is in a cache's entry, beside it, and of what is not cached."""

Line = tuple[list[str], tuple[bytes | None, ...]]
lines = st.tuples(
    st.permutations((*KEYS, *MORE)),
    st.tuples(*[st.none() | st.sampled_from(VALUES) for _ in (*KEYS, *MORE)]),
)


def written(line: Line) -> bytes:
    """A line with its keys in their order."""
    parts = [b'"%s":%s' % (k.encode(), v) for k, v in zip(*line, strict=True) if v is not None]
    return b'{"EventID":77,"end":1%s}' % b"".join(b"," + part for part in parts)


def asked(early: int) -> Reader:
    """A reader that says what a line's values are; of so many keys at first."""
    count = len(KEYS)
    held: tuple[dict[Any, Any], ...] = tuple({} for _ in KEYS)
    known: dict[Any, Any] = {}
    rows = [(0, key.encode(), 127, -1, place, False, None) for place, key in enumerate(KEYS)]
    rows.append((0, b"end", 2, -1, -1, True, (b"2", b"1")))
    return Reader(
        objects=1, values=count, rows=tuple(rows), slots=tuple((n,) for n in range(count)),
        held=held, early=early, known=known, longest=5000,
        asks=tuple(lambda raw, n=n: held[n].setdefault(raw, (n, raw)) for n in range(count)),
        answer=lambda found: known.setdefault(found, KEPT(None if early == count else {}, found)),
        whole=lambda before, late: before.more.setdefault(late, KEPT(None, before.found + late)),
        missed=lambda: None, words=None, by_words=(),
    )  # fmt: skip


@given(st.lists(lines, min_size=1, max_size=6), st.sampled_from((0, 3, len(KEYS))))
@settings(max_examples=300, deadline=None)
def test_lines_are_told_alike_however_often_they_come_and_in_whatever_order_their_keys(
    several: list[Line], early: int
) -> None:
    reader = asked(early)
    chooser = Chooser(dict.fromkeys([written(line)[11:23] for line in several], reader), Reader)
    for line in (*several, *several, *several):  # asked, remembered, cached
        text, values = written(line), dict(zip(*line, strict=True))
        assert read(reader, text) is not None
        expected = tuple((n, values[key]) for n, key in enumerate(KEYS))
        assert chooser.candidates(text) == expected


def test_of_what_is_fixed_one_must_stand_there() -> None:
    reader = asked(0)
    for value in (b"1", b"2"):
        assert reader.read(b'{"end":%s}' % value) is not None
    for value in (b"3", b"12", b"0", b"-1", b"1.0"):
        assert reader.read(b'{"end":%s}' % value) is None
