"""A cache file is believed only as it was written, by the same version of everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.codec.errors import DecodeError
from engine.codec.made import made_by
from engine.codec.volume import Volume


def volume() -> Volume:
    made = Volume("by us")
    made.put("a" * 64, b'{"a": 1}')
    made.put("correlations-b", b"[]")
    return made


CONTENT = volume().content()


def test_it_comes_back_and_is_unchanged() -> None:
    found = Volume.read(CONTENT, "by us")
    assert found is not None
    assert (found.get("a" * 64), found.get("correlations-b")) == (b'{"a": 1}', b"[]")
    assert (found.get("c"), found.changed) == (None, False)


def test_what_is_not_asked_for_is_dropped_when_it_is_written_again() -> None:
    found = Volume.read(CONTENT, "by us")
    assert found is not None
    found.get("correlations-b")
    found.put("c", b"7")
    again = Volume.read(found.content(), "by us")
    assert again is not None
    assert [again.get(key) for key in ("a" * 64, "correlations-b", "c")] == [None, b"[]", b"7"]


def test_what_something_else_made_is_not_looked_at() -> None:
    assert Volume.read(CONTENT, "by others") is None


@given(st.integers(0, len(CONTENT) - 1), st.integers(0, 7))
def test_a_bit_that_is_flipped_is_seen(place: int, bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= 1 << bit
    try:
        assert Volume.read(bytes(damaged), "by us") is None
    except DecodeError:
        return


@pytest.mark.parametrize("length", range(len(CONTENT)))
def test_a_file_that_was_cut_is_seen(length: int) -> None:
    with pytest.raises(DecodeError):
        Volume.read(CONTENT[:length], "by us")


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"[]\n", b"7\n", b'{"vedette": "x"}\n'])
def test_a_foreign_file_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        Volume.read(content, "by us")


def test_pipelines_and_their_order_make_another() -> None:
    assert made_by([]) == made_by([])
    several = [
        made_by(given) for given in ([], [b"a"], [b"b"], [b"a", b"b"], [b"b", b"a"], [b"ab"])
    ]
    assert len(set(several)) == len(several)


def test_another_version_of_a_dependency_makes_another(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made_by([])
    monkeypatch.setattr("engine.codec.made.version", lambda name: "0")
    assert made_by([]) != before
