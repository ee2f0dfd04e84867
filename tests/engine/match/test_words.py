"""Words are found in a line just where they stand in it, in any case, by either way to look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.match.guard import nativewords, wordfinder
from engine.match.native import NATIVE

if not NATIVE:
    pytest.skip("the native reader was not built", allow_module_level=True)

from engine.match.reader import Words

SOME = "abkzABKZ:.-_ 09\u0130\u212a\u00e9"
words = st.text(st.sampled_from("abkz:.-_ 09"), min_size=3, max_size=9).map(str.encode)
lines = st.text(st.sampled_from(SOME), max_size=120).map(str.encode)


def plainly(line: bytes, wanted: tuple[bytes, ...]) -> bool:
    return any(word in line.lower() for word in wanted)  # of bytes, lower case is ASCII's alone


@given(st.lists(words, min_size=1, max_size=20).map(tuple), lines, st.data())
def test_a_word_is_found_where_it_stands(
    wanted: tuple[bytes, ...], line: bytes, data: st.DataObject
) -> None:
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(line)))
        line = line[:at] + data.draw(st.sampled_from(wanted)).upper() + line[at:]
    found = {quick: Words(wanted, quick).find(line) for quick in (True, False)}
    assert found == dict.fromkeys((True, False), int(plainly(line, wanted)))


@pytest.mark.parametrize("before", [*range(70), 1000])
@pytest.mark.parametrize("after", [0, 1, 31, 32, 33])
def test_at_every_place_of_a_line(before: int, after: int) -> None:
    asked = Words((b"mimikatz", b"sekurlsa::l"))
    assert asked.find(b"m" * before + b"SekurLSA::L" + b"z" * after) == 1
    assert asked.find(b"m" * before + b"SekurLSA:;L" + b"z" * after) == 0
    assert asked.find(b"m" * before + b"mimikat") == 0


@pytest.mark.parametrize("bad", [(), (b"ab",), (b"ABC",), (b"a" * 64,), ("abc",), (b"abc",) * 257])
def test_what_it_cannot_look_for_is_refused(bad: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="words are"):
        Words(bad)


COMMON = tuple(sorted({f"{a}{b}{c}".encode() for a in "etaoins" for b in "etao" for c in "etain"}))
SELDOM = tuple(f"mimi~{number}katz".encode() for number in range(200))


def test_many_words_are_looked_for_only_where_their_bytes_are_seldom() -> None:
    asked = Words(SELDOM)
    assert asked.find(b"a Mimi~199Katz") == 1
    assert asked.find(b"a Mimi~200Katz, mimikatz") == 0
    Words(COMMON[:64])
    with pytest.raises(ValueError, match="so many words"):
        Words(COMMON)
    finds = wordfinder(frozenset(word.decode() for word in COMMON))
    assert finds is not None
    assert (finds(b"xxETAxx"), finds(b"xxyxx")) == (1, 0)


def test_where_it_cannot_another_looks() -> None:
    few, short = frozenset({"mimikatz"}), frozenset({"mimikatz", "ok"})
    assert nativewords(few) is not None
    assert nativewords(short) is None
    for each in (few, short):
        finds = wordfinder(each)
        assert finds is not None
        assert (finds(b'{"a":"MimiKatz"}'), finds(b'{"a":"mimi"}')) == (1, 0)
    with pytest.raises(TypeError):
        Words((b"abc",)).find("abc")  # type: ignore[arg-type]
