"""JSON that a cluster may hold is read, and written in one line."""

from __future__ import annotations

import math

import pytest

from connectors.search import codec


@pytest.mark.parametrize(
    "value",
    [{"a": "\ud800"}, {"\udfff": 1}, {"a": 2**63}, {"a": "\n\u2028"}, [1.5, None, True], "x" * 99],
)
def test_what_is_written_is_read_back(value: object) -> None:
    written = codec.dumps(value)
    assert b"\n" not in written
    assert codec.loads(written) == value


def test_an_integer_beyond_64_bits_is_written_whole_and_read_as_a_float() -> None:
    assert codec.dumps({"a": 10**40}) == b'{"a":1' + b"0" * 40 + b"}"
    assert codec.loads(codec.dumps({"a": 10**40})) == {"a": 1e40}


def test_a_lone_surrogate_in_an_answer_is_read() -> None:
    assert codec.loads(b'{"a":"\\ud800"}') == {"a": "\ud800"}


@pytest.mark.parametrize("value", [{"a": object()}, {"a": 10**40, "b": math.nan}])
def test_what_json_cannot_hold_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.dumps(value)


@pytest.mark.parametrize("data", [b"{", b"", b"[" * 100_000])
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.loads(data)
