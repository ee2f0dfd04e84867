"""Lines of JSON, changed in hostile ways, and what the native reader must say of them.

    python -m tests.engine.match.mutants 1000000

reads so many; docs/speed.md says how to do so under a sanitizer.
"""

from __future__ import annotations

import random
import sys
from typing import Any, NamedTuple

import orjson

from tests.engine.match.choices import Choices

LINES = [
    b'{"a":"C:\\\\Windows\\\\System32\\\\cmd.exe","b":1,"c":{"d":"x","e":null},"f":["y",1]}',
    b'{"b": 1, "Message": "Process Create:\\r\\nRuleName: -\\r\\n\\tUtcTime: 2020", "a": -7.25}',
    '{"é":"ü€😀","b":1,"other":[{"a":[1,2,{"b":null}]},true,"x"],"a":"😀"}'.encode(),
    b' {"x":{"y":{"z":{}}},"b":1 ,"n":-9223372036854775808,"a":null,"t":"a longer text without"} ',
    b'{"EventID":1,"b":1,"a":"x","c":{}}',
    b'{"winlog":{"channel":"Security","event_id":4624},"b":1}',
]
HINTS = (b'1,"b":1,"a":', b'4624},"Security')
"""By which the last two are known."""
_PIECES = [
    *(bytes([char]) for char in b'{}[]":,\\ \t\r\n/+-.eE019ax'),
    b"true", b"false", b"null", b"NaN", b"1e5", b"\\u00e9", b"\\ud83d", b"\\u0041", b"\\x",
    b"\xff", b"\xc4\xb0", b"\xe2\x84\xaa", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "é€😀".encode(),
    b'"a":', b'"b":1,', b'"c":{', b'"d":"x"', b'"bad":1,', b"1e999", b"-0", b"\0", b"{}", b"[]",
    b'"' + b"k" * 300 + b'":', b"[" * 40, b'{"a":' * 40,
]  # fmt: skip


def mutant(c: Choices, line: bytes) -> bytes:
    """A line with some bytes written over, put in, taken out, doubled, or cut off."""
    for _ in range(1 + c.below(3)):
        at = (256 * c.below(256) + c.below(256)) % (len(line) + 1)
        match c.below(6):
            case 0:
                line = line[:at] + bytes([c.below(256)]) + line[at + 1 :]
            case 1:
                line = line[:at] + c.of(_PIECES) + line[at:]
            case 2:
                line = line[:at] + line[at + 1 + c.below(8) :]
            case 3:
                line = line[:at] + line[at : at + c.below(20)] + line[at:]
            case 4:
                line = line[:at] + c.of(_PIECES) + line[at + c.below(4) :]
            case _:
                line = line if c.below(3) else line[:at]
    return line


class KEPT(NamedTuple):
    """Stands for an answer that is known."""

    more: Any
    found: tuple[Any, ...] = ()


class MADE(KEPT):
    """Stands for an answer that was made; it has the values that were asked for, each as (raw,)."""


ROWS = (
    (0, b"a", 1 | 2 | 4, -1, 0, False, None),
    (0, b"b", 1 | 2, -1, 1, True, (b"1",)),
    (0, b"c", 64, 1, -1, False, None),
    (1, b"d", 1, -1, 2, False, None),
    (1, b"e", 1 | 4, -1, 3, False, None),
    (0, b"f", 1 | 2 | 4 | 16, -1, -1, False, None),
    (0, b"g", 0, -1, -1, False, None),
)
"""Reads `a`, `b`, which must be 1, and `c.d`; `a` and `c.e` together; `f` may be a list, and `g`
may not be there."""


class Asked:
    """A reader, and what a parser says of the same lines."""

    def __init__(self, **change: Any) -> None:
        from engine.match.reader import Chooser, Reader

        self.held: tuple[dict[Any, Any], ...] = ({}, {}, {}, {})
        self.known: dict[Any, Any] = {}
        self.missed = 0
        given: dict[str, Any] = {
            "objects": 2, "values": 4, "rows": ROWS, "slots": ((0,), (1,), (2,), (0, 3)),
            "held": self.held, "early": 2, "known": self.known, "longest": 100,
            "asks": (lambda raw: (raw,),) * 4, "answer": lambda held: MADE({}, held),
            "whole": lambda early, held: MADE(None, early.found + held), "missed": self.miss,
            "words": None, "by_words": (),
        }  # fmt: skip
        self.reader = Reader(**given | change)
        self.chooser = Chooser(dict.fromkeys(HINTS, self.reader), Reader)

    def miss(self) -> None:
        """Count a line with something that was not known."""
        self.missed += 1

    def check(self, line: bytes) -> bool:
        """Whether a line is taken; then what is read of it must be what a parser reads."""
        # a copy that ends where its memory does: what reads beyond is seen by a sanitizer
        found = read(self.reader, bytes(bytearray(line)))
        chosen = self.chooser.candidates(bytes(bytearray(line)))
        if found is None:
            assert chosen is None
            return False
        assert chosen is None or [each[0] for each in chosen] == found
        document = orjson.loads(line)
        assert document["b"] == 1
        assert "g" not in document
        inner = document.get("c", {})
        a, e = document.get("a"), inner.get("e")
        parts = [None if raw is None else orjson.loads(raw) for raw in found[:3]]
        assert parts == [a, 1, inner.get("d")], line
        assert orjson.loads(b"[" + found[3] + b"]") == [a, e], line
        assert type(a) in (str, int, float, type(None))
        return True


def read(reader: Any, line: bytes) -> Any:
    """What a reader says, having learnt the keys that it asks for; `bad` may be nothing."""
    found = reader.read(line)
    while type(found) is list:
        place, key = found
        try:
            reader.learn(place, key, 0 if key == b"bad" else 127)
        except ValueError:
            return None
        found = reader.read(line)
    if type(found) is not MADE:
        return found
    return [each[0] if type(each) is tuple else each for each in found.found]


def main() -> int:
    """Read many, with a new reader now and then, and tell how many were taken."""
    rnd, taken, count, asked = random.Random(), 0, int(sys.argv[1]), Asked()
    for number in range(1, count + 1):
        line = rnd.choice(LINES) * (20 if rnd.random() < 0.1 else 1)
        taken += asked.check(mutant(Choices(rnd.randbytes(48)), line))
        if not number % 2000:
            asked = Asked()
        if not number % 100_000 or number == count:
            print(f"{number:,} lines, {taken:,} taken", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
