"""Brackets show where a value ends, on however many looks, and where none can."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.extent import BrokenError, Extent
from tests.connectors.files.reference import objects


@given(item=objects, before=st.binary(max_size=5), after=st.binary(max_size=5), data=st.data())
def test_the_end_is_found_whatever_the_looks(
    item: dict[str, object], before: bytes, after: bytes, data: st.DataObject
) -> None:
    text = json.dumps(item, indent=data.draw(st.none() | st.integers(0, 2))).encode()
    for strict in (True, False):
        extent = Extent(strict=strict)
        for cut in sorted(data.draw(st.lists(st.integers(1, len(text) - 1), max_size=4))):
            assert extent.find(before + text[:cut], len(before)) is None
        assert extent.find(before + text + after, len(before)) == len(before + text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1\n{"b": 2}',
        b'{"a": 1,\n{"b": 2}',
        b'{"a"\n{"b": 2}',
        b'{"a": [1\n{"b": 2}',
        b'{"a": "x\n{"b": 2}',
        b'{"a": "x\\\n{"b": 2}',
        b'{"a": tr\n{"b": 2}',
        b"{\n{",
        b'{"a": 1]',
        b'{"a": [}',
    ],
)
def test_a_value_cut_short_breaks_on_the_next_line(text: bytes) -> None:
    with pytest.raises(BrokenError) as caught:
        Extent(strict=True).find(text, 0)
    assert 0 < caught.value.at < len(text)


def test_a_loose_look_lets_newlines_into_strings() -> None:
    assert Extent(strict=False).find(b'{"a": "x\ny"}, ', 0) == 12


def test_brackets_already_open_are_closed_first() -> None:
    assert Extent(strict=False, inside=b"{{").find(b', "x": {"y": [1]}}, "z": 2} {', 0) == 27
