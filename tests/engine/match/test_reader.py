"""The native reader of lines says what parsers say, or nothing."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.native import NATIVE
from engine.match.reading import ANY
from tests.engine.match.choices import Choices
from tests.engine.match.mutants import KEPT, LINES, Asked, mutant, read

if not NATIVE:
    pytest.skip("the native reader was not built", allow_module_level=True)

from engine.match.reader import Chooser


@given(st.binary(min_size=8, max_size=64), st.sampled_from(LINES))
@settings(max_examples=1000, deadline=None)
def test_what_is_read_of_a_line_is_what_a_parser_reads(noise: bytes, line: bytes) -> None:
    asked = Asked()
    for each in (line, mutant(Choices(noise), line), line):
        asked.check(each)


def test_what_is_made_up_here_is_worth_reading() -> None:
    rnd, asked = random.Random(7), Asked()
    taken = [
        asked.check(mutant(Choices(rnd.randbytes(40)), rnd.choice(LINES))) for _ in range(3000)
    ]
    assert 300 < sum(taken) < 2700


@pytest.mark.parametrize("line", LINES)
def test_no_part_of_a_line_is_taken_for_one(line: bytes) -> None:
    asked, line = Asked(), line.strip()
    assert asked.check(line)
    for end in range(len(line)):
        assert read(asked.reader, line[:end]) is None
        assert read(asked.reader, line[end + 1 :]) is None or not end


@pytest.mark.parametrize(
    "value",
    [
        b'"\xff"', b'"\xc0\xaf"', b'"\xe0\x80\x80"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"',
        b'"\xf0\x80\x80\x80"', b'"\xe2\x82"', b'"\x80"', b'"\\ud83d\\ude00"', b'"\\ud800"',
        b'"\\u12"', b'"\\x"', b'"\\u00zz"', b'"\x1f"', b'"\n"', b'"\\', b"NaN", b"Infinity",
        b"-Infinity", b"nul", b"True", b"01", b"-", b"-0", b"1.", b".5", b"+1", b"1e5", b"1E+5",
        b"1e999", b"0x1", b"1_0", b"9" * 400, b"[1,]", b"[", b"[1 2]", b"{", b'{"a"}', b'{"a":}',
        b'{"a":1,}', b"{,}", b"[" * 30 + b"]" * 30, b'{"a":' * 30 + b"1" + b"}" * 30, b"'x'", b"",
        b'"K\xe2\x84\xaa"', b'"\xc4\xb0"', b'"\\u212a"', b'"\\u0041"', b"1 1", b"//x\n1", b"\0",
    ],
)  # fmt: skip
def test_what_is_unusual_is_left_to_parsers(value: bytes) -> None:
    asked = Asked()
    for place in (b"a", b"other"):
        assert read(asked.reader, b'{"b":1,"%s":%s}' % (place, value)) is None
        assert read(asked.reader, b'{"%s":%s,"b":1}' % (place, value)) is None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b'{"b":1}', (None, b"1", None, b"null,null")),
        (b' { "b" :\t1 , "a" : "x" }\r\n', (b'"x"', b"1", None, b'"x",null')),
        (b'{"a":null,"b":1}', (None, b"1", None, b"null,null")),
        (b'{"a":-12.50,"b":1}', (b"-12.50", b"1", None, b"-12.50,null")),
        (b'{"a":"\\\\\\"\\/","b":1}', (b'"\\\\\\"\\/"', b"1", None, b'"\\\\\\"\\/",null')),
        ('{"b":1,"a":"é😀"}'.encode(), ('"é😀"'.encode(), b"1", None, '"é😀",null'.encode())),
        (b'{"b":1,"c":{"d":"x","?":{"a":[{"a":{}}]}}}', (None, b"1", b'"x"', b"null,null")),
        (b'{"b":1,"c":{"d":"x","e":"y"}}', (None, b"1", b'"x"', b'null,"y"')),
        (b'{"a":"1","b":1,"c":{"e":"y"}}', (b'"1"', b"1", None, b'"1","y"')),
        (b'{"b":1,"f":[1,"x",null],"?":[[],[[1]],{}]}', (None, b"1", None, b"null,null")),
    ],
)
def test_values_are_given_as_they_stand(line: bytes, wanted: tuple[bytes | None, ...]) -> None:
    assert read(Asked().reader, line) == list(wanted)


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":"x"}', b'{"b":1,"b":1}', b'{"b":1,"a":true}', b'{"b":1,"a":[]}', b'{"b":1,"a":{}}',
        b'{"b":1,"c":1}', b'{"b":1,"c":{},"c":{}}', b'{"b":1,"g":1}', b'{"b":1,"g":null}',
        b'{"b":1,"f":[true]}', b'{"b":1,"f":[[]]}', b'{"b":1,"f":{}}', b'{"b":2}', b'{"b":"1"}',
        b'{"b":1,"\\u00e9":1}', b'{"b":1,"a\\\\":1}', b'{"b":1,"%s":1}' % (b"k" * 256),
        b'{"b":1,"bad":1}', b'{"b":1,"c":{"bad":1}}', b"[]", b'"b"', b"1", b"", b'{"b":1}{"b":1}',
        b'\xef\xbb\xbf{"b":1}', b'{"b":1,"x":{"bad":1}}',
    ],
)  # fmt: skip
def test_a_line_that_is_not_as_demanded_is_not_taken(line: bytes) -> None:
    assert read(Asked().reader, line) is None


USUAL = [
    b"a", b"abcdefghijklm", b"\\\\", b"\\\\\\\\\\\\", b'\\"', b"\\n", b"\\r\\n", b"\\t", b"\\/",
    b"\\u00e9", b"\\b", "é".encode(), "😀".encode(), b"x" * 40,
]  # fmt: skip
UNUSUAL = [b"\\", b'"', b"\x1f", b"\\x", b"\\u12", b"\xff", b"\\ud800", b"\n"]


@given(st.lists(st.sampled_from(USUAL), max_size=40), st.integers(0, 40), st.sampled_from(UNUSUAL))
@settings(max_examples=1500, deadline=None)
def test_long_texts_are_gone_through_by_masks_as_parsers_do(
    pieces: list[bytes], at: int, unusual: bytes
) -> None:
    asked = Asked()
    text = b"".join(pieces)
    for space in (0, 1, 15):  # how it lies beside blocks
        line = b'{"b":1,%s"a":"%s","f":null}' % (b" " * space, text)
        assert asked.check(line), line
        assert read(asked.reader, line)[0] == b'"%s"' % text
    asked.check(b'{"b":1,"a":"%s"}' % b"".join([*pieces[:at], unusual, *pieces[at:]]))


def test_answers_that_are_known_are_given_at_once() -> None:
    asked = Asked()
    for number, held in enumerate(asked.held):
        held[b'"x"' if number in (0, 2) else b"1"] = number
    asked.held[2][None] = 7
    asked.held[3][b'"x",null'] = 3
    whole, part = KEPT(None), KEPT({(7, 3): KEPT(None)})
    asked.known[0, 1] = whole
    assert read(asked.reader, b'{"a":"x","b":1}') is whole
    asked.known[0, 1] = part
    assert read(asked.reader, b'{"a":"x","b":1}') is part.more[7, 3]
    assert read(asked.reader, b'{"a":"x","b":1,"c":{"d":"new"}}') == [b'"new"', 3]
    assert read(asked.reader, b'{"a":"new","b":1}')[0] == b'"new"'
    asked.known[0, 1] = object()
    with pytest.raises(AttributeError):
        asked.reader.read(b'{"a":"x","b":1}')
    with pytest.raises(TypeError):
        asked.reader.read("{}")  # type: ignore[arg-type]


def test_what_is_not_known_is_asked_for_and_counted_once_a_line() -> None:
    asked = Asked()
    asked.held[1][b"1"] = 2
    assert read(asked.reader, b'{"a":"x","b":1}') == [b'"x"', 2, None, b'"x",null']
    assert asked.missed == 1
    asked.held[0].update({b'"y"': 1})
    asked.known[1, 2] = KEPT(None)
    assert read(asked.reader, b'{"a":"y","b":1}') == KEPT(None)
    assert asked.missed == 1
    long = b'"%s"' % (b"y" * 200)
    asked.held[0][long] = 1  # longer than what is remembered: it is not looked for
    assert read(asked.reader, b'{"a":%s,"b":1}' % long)[0] == long
    assert asked.missed == 2


def test_where_something_cannot_be_told_nothing_is_said_of_the_line() -> None:
    def fail(_: object) -> None:
        raise OSError("as any that comes from what it asks")

    tell = (lambda raw: (raw,),)
    for at in range(4):
        untold = Asked(asks=(*tell * at, lambda _: None, *tell * (3 - at)))
        assert read(untold.reader, b'{"b":1}') is None
        assert untold.missed == 0
        failing = Asked(asks=(*tell * at, fail, *tell * (3 - at)))
        with pytest.raises(OSError, match="what it asks"):
            read(failing.reader, b'{"b":1}')


def test_a_reader_is_chosen_by_what_a_line_has_at_its_event_id() -> None:
    asked, words = Asked(), [False]
    asked.held[0].update({None: 1, b'"x"': 1})
    asked.held[1][b"1"] = 2
    asked.known[1, 2] = KEPT(None, ("r0",))
    with_words = Asked(
        held=asked.held, known=asked.known, words=lambda line: words[0], by_words=("r1",)
    )
    for each, found in ((asked, ("r0",)), (with_words, ("r0",)), (asked, ("r0",))):
        for line in (*LINES[-2:], *LINES[-2:], LINES[-1], LINES[-2]):
            assert read(each.reader, line).found == ("r0",)
            assert each.chooser.candidates(line) == found
    words[0] = True
    assert with_words.chooser.candidates(LINES[-1]) == ("r0", "r1")
    for line in (b"", b"{}", b'"EventID":', b'channel":event_id":', *LINES[:2]):
        assert with_words.chooser.candidates(line) is None
    broken = Asked(held=asked.held, known=asked.known, words=len, by_words=("r1",)).chooser
    assert broken.candidates(b'{"c":{"?":1},"b":1}') is None
    with pytest.raises(TypeError):
        broken.candidates("{}")  # type: ignore[arg-type]


def remembering(label: str) -> Asked:
    """What is asked remembers its answers, and says whose they are."""
    held: tuple[dict[Any, Any], ...] = ({}, {}, {}, {})
    known: dict[Any, Any] = {}
    return Asked(
        held=held,
        known=known,
        longest=5000,
        asks=tuple(lambda raw, n=n: held[n].setdefault(raw, (label, n, raw)) for n in range(4)),
        answer=lambda found: known.setdefault(found, KEPT({}, found)),
        whole=lambda early, late: early.more.setdefault(late, KEPT(None, early.found + late)),
    )


def test_what_is_cached_is_of_the_same_value_and_the_same_reader() -> None:
    asked = {b"1": remembering("one"), b"2": remembering("two")}
    readers = {b'%s,"b":1,"a":' % name: each.reader for name, each in asked.items()}
    chooser, rnd = Chooser(readers, type(asked[b"1"].reader)), random.Random(3)
    few, many = [b'"%x"' % n for n in range(9)], [b'"%x"' % n for n in range(40_000)]
    long = [b'"%s%x"' % (b"x" * (n % 4200), n) for n in range(6000)]
    for _ in range(30_000):  # more values, bytes of long ones and answers than are cached
        name, values = rnd.choice((b"1", b"2")), rnd.choice((few, many, long))
        a, d, e = (rnd.choice((None, rnd.choice(values))) for _ in range(3))
        inner = b",".join(b'"%s":%s' % part for part in ((b"d", d), (b"e", e)) if part[1])
        line = b'{"EventID":%s,"b":1,"a":%s,"c":{%s}}' % (name, a or b"null", inner)
        found = chooser.candidates(line)
        if found is None:  # a key had to be learnt
            read(asked[name].reader, line)
            found = chooser.candidates(line)
        label = "one" if name == b"1" else "two"
        parts = (a, b"1", d, b",".join((a or b"null", e or b"null")))
        assert found == tuple((label, n, raw) for n, raw in enumerate(parts))


def test_readers_by_hints_of_any_length_are_seen_anew_when_they_were_changed() -> None:
    first, second = remembering("one"), remembering("two")
    for size in (1, 41, 42, 43, 60, 200, 245):
        line = b'{"winlog":{"channel":"%s","event_id":4624},"b":1}' % (b"x" * size)
        readers = {b'4624},"' + b"x" * size: first.reader}
        chooser = Chooser(readers, type(first.reader))
        for label, asked in (("one", first), ("two", second), ("one", first)):
            readers[b'4624},"' + b"x" * size] = asked.reader
            chooser.forget()
            read(asked.reader, line)
            for _ in range(2):
                found = chooser.candidates(line)
                assert found is None if size > 238 else found[0][0] == label, size
        readers.clear()
        chooser.forget()
        assert chooser.candidates(line) is None


def test_keys_beyond_what_is_kept_are_not_taken() -> None:
    asked = Asked()
    for number in range(2000):
        line = b'{"b":1,"key%d":1}' % number
        found = asked.reader.read(line)
        if type(found) is list:
            try:
                asked.reader.learn(*found, ANY)
            except ValueError:  # too many of one hash
                assert asked.reader.read(line) == found
        else:
            assert found is None
            assert number > 400
    assert asked.check(b'{"b":1,"key0":1}')


@pytest.mark.parametrize(
    "change",
    [
        {"objects": 0}, {"objects": 70_000}, {"values": -1}, {"values": 3}, {"values": 999},
        {"slots": ((0,), (1,), (2,), (9,))}, {"slots": ((0,), (1,), (2,), ())}, {"early": 5},
        {"slots": ((0,), (1,), (2,), ("x",))}, {"held": ({},)}, {"held": ({}, {}, {}, None)},
        *({"rows": (row,)} for row in (
            (0, b"a", 1, -1, 9, False, None), (9, b"a", 1, -1, 0, False, None), 1, (1, 2),
            (0, b"a", 1, 9, 0, False, None), (0, b'a"', 1, -1, 0, False, None),
            (0, b"a", 1, -1, 0, False, (1,)), (0, b"a", 1, -1, 0, False, 1),
        )),
        {"rows": ((0, b"a", 1, -1, 0, False, None),) * 2}, {"known": None},
        {"asks": ()}, {"asks": None},
        {"rows": tuple((0, b"%d" % n, 1, -1, -1, False, None) for n in range(300))},
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Asked(**change)


def test_whole_lines_of_real_shape_are_taken() -> None:
    for line in LINES:
        assert orjson.loads(line)
        assert Asked().check(line)
