"""The native finder says of any text what looking for each piece alone says, or nothing."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.native import NATIVE
from engine.match.pattern import Pattern
from engine.match.texttests import Piece, TextTests

if not NATIVE:
    pytest.skip("the native finder was not built", allow_module_level=True)

from engine.match.finder import Finder

Row = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool]

WORDS = st.text("abc\\ -é", min_size=1, max_size=9)
TEXTS = st.text('abcAB\\ -"/\n\té\U0001f600', max_size=60)


def made(literals: list[str], **change: Any) -> Finder:
    """A finder whose piece number n makes 10 n hold anywhere, 10 n + 1 at the beginning, + 2 at
    the end; every third must be asked more."""
    rows = tuple(((10 * n,), (10 * n + 1,), (10 * n + 2,), not n % 3) for n in range(len(literals)))
    given: dict[str, Any] = {
        "literals": tuple(text.encode() for text in literals), "rows": rows,
        "exact": {b"abc": (7,), b"": (8,)}, "any": (9,),
    }  # fmt: skip
    return Finder(**given | change)


def alone(literals: list[str], text: str) -> tuple[set[int], list[int]]:
    """The same, by looking for one after the other."""
    held, asked = {9} | {"abc": {7}, "": {8}}.get(text, set()), []
    for n, literal in enumerate(literals):
        held |= {10 * n} if literal in text else set()
        held |= {10 * n + 1} if text.startswith(literal) else set()
        held |= {10 * n + 2} if text.endswith(literal) else set()
        asked += [n] if literal in text and not n % 3 else []
    return held, asked


def both(told: Any) -> Any:
    """What holds, and what must be asked more, sorted."""
    if type(told) is tuple:
        return told[0], sorted(told[1])
    return None if told is None else (told, [])


@given(st.lists(WORDS, max_size=40, unique=True), st.lists(TEXTS, min_size=1, max_size=5))
@settings(max_examples=500, deadline=None)
def test_what_is_found_together_is_what_is_found_alone(words: list[str], texts: list[str]) -> None:
    finder = made(words)
    for text in texts:
        held, asked = alone(words, text.lower())
        told = finder.folded(text.lower().encode())
        assert told is not None
        assert (set(told[0]), sorted(told[1])) == (held, asked)
        raw = both(finder.raw(orjson.dumps(text)))
        assert raw == ((held, asked) if text.isascii() else None), text


LINES = st.text('abcAB\\\\ -"/nr\t', max_size=12)
"""Lines that may look as if they ended before, or went on."""


@given(
    st.lists(WORDS | st.just("a\nb"), max_size=20, unique=True),
    st.lists(LINES, min_size=1, max_size=9).flatmap(
        lambda lines: st.lists(st.lists(st.sampled_from(lines), max_size=9), max_size=6)
    ),
)
@settings(max_examples=250, deadline=None)
def test_what_is_found_line_by_line_is_what_is_found_in_the_whole(
    words: list[str], texts: list[list[str]]
) -> None:
    finder = made(words, by_lines=0)
    for text in map("\n".join, texts):
        held, asked = alone(words, text.lower())
        assert both(finder.raw(orjson.dumps(text))) == (held, asked), text


def test_of_more_lines_than_are_remembered_the_same_is_found() -> None:
    finder = made(["zzzz", "needle"], by_lines=0)
    lines = [f"{n:x} {'Needle ' * (n % 7 == 3)}{'x' * (n % 300)}" for n in range(6000)]
    for turn in range(3):
        for n in range(0, len(lines), 5 + turn):
            some = lines[n : n + 5 + turn]
            found = finder.raw(orjson.dumps("\r\n".join(some)))
            assert found == {9} | ({10} if any("Needle" in line for line in some) else set())
    hits = made([f"w{n:04}" for n in range(1, 3000)], by_lines=0)
    assert hits.raw(orjson.dumps("\n".join(["x", "w0002", " w2999"]))) == {9, 10, 29980, 29982}
    many = " ".join(f"w{n:04}" for n in range(1, 3000, 3))
    for n in range(9):
        told = hits.raw(orjson.dumps(f"{n}\n{many}\n{n} w0002"))
        assert told is not None
        assert both(told)[1] == list(range(0, 2999, 3))


@pytest.mark.parametrize(
    "raw",
    [b"1", b"null", b"", b'"', b'"abc', b'"\\u0061bc"', b'"\\x"', b'"\\"', b'"\xc3\xa9"', b"true"],
)
def test_what_is_no_plain_text_is_left_to_parsers(raw: bytes) -> None:
    assert made(["zzz", "abc"]).raw(raw) is None


def test_a_long_text_is_gone_through_to_its_end() -> None:
    finder = made(["zz", "needle"])
    for size in (8000, 8190, 8191, 8192, 8193, 100_000):
        text = b'"%s Needle"' % (b"x" * size)
        assert finder.raw(text) == {9, 10, 12}


def test_pieces_of_which_too_many_are_alike_are_refused_and_found_all_the_same() -> None:
    words = ["a" * n for n in range(4, 200)]
    with pytest.raises(ValueError, match="too many pieces are alike"):
        made(words)
    tests = TextTests([Piece(n, word, Pattern(("", word, ""))) for n, word in enumerate(words)], {})
    assert tests.raw(b'"aaaaaaa"') is None
    assert set(tests.held("A" * 100)) == set(range(97))


def test_a_text_made_to_be_slow_is_left_to_the_automaton() -> None:
    words = ["a" * (3000 + n) for n in range(30)]
    finder, slow = made(words), ("a" * 2999 + "b") * 200
    assert finder.folded(slow.encode()) is None
    assert finder.raw(orjson.dumps(slow)) is None
    tests = TextTests([Piece(n, word, Pattern(("", word, ""))) for n, word in enumerate(words)], {})
    assert tests.held(slow) == []
    assert set(tests.held("a" * 3001)) == {0, 1}


@pytest.mark.parametrize(
    "change",
    [
        {"literals": (b"", b"x")}, {"literals": ("x", b"y")}, {"literals": (b"x",)},
        {"literals": [b"x"]}, {"rows": (1, 2)}, {"rows": (((1,), (), ()), ((), (), (), True))},
        {"rows": (((1,), (), "x", False), ((), (), (), True))}, {"exact": {"x": (1,)}},
        {"rows": ((("1",), (), (), False), ((), (), (), True))}, {"exact": {b"x": 1}},
        {"exact": None}, {"any": (None,)}, {"any": [1]},
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        made(["one", "two"], **change)


def test_only_bytes_are_looked_at() -> None:
    for ask in (made(["one"]).raw, made(["one"]).folded):
        with pytest.raises(TypeError):
            ask("text")  # type: ignore[arg-type]
