"""Lines made of what is hard for a mask, and what the native one must say of them.

    python -m tests.models.template.mutants 1000000

masks so many; docs/speed.md says how to do so under a sanitizer.
"""

from __future__ import annotations

import random
import sys

from models.template.mask import masked

_WORDS = [
    *"09afgFxZ-.:+_= <*>[]\n\t\x1c\x85\0é", "\u2003", "\u3000", "\u1680", "\u2028", "\ud83d",
    "\udd25", "🔥", "--", "bad", "face-", "a-" * 7, "a-" * 8, "a-" * 9, "0x1f", "10.0.0.1:80",
    "fa:16:3e", "::1", "12-dogs", "bad-5g", "-5", "+5", "e" * 400, "5 " * 700, "é5" * 700,
]  # fmt: skip
_DATES = [
    *" -/:,.+ 5", "  ", "Jun ", "Dec", "May", "Sat ", "Sat, ", "Sun", "Saturday", "Sept", "Septem",
    "September", "Wednesday", "Augus", "18", " 8 ", "2005", " 2005", " 1805", "02:08", "02:08:12",
    ".123", ",5", " +0200", " UTC", "GMT", "x", "a5", "Jun 18", "18/Jun/2005",
    "Sat Jun 18 02:08:12 2005",
]  # fmt: skip


def line(source: random.Random) -> str:
    """Some pieces, mostly few; every other line is of what dates in words are made of."""
    pieces = source.choice([_WORDS, _DATES])
    return "".join(source.choices(pieces, k=source.randrange(16)))


def check(text: str) -> None:
    """The native mask says what the pattern says."""
    from models.template import masker

    assert masker.form(text) == " ".join(masked(text).split()), ascii(text)


def main(count: int) -> None:
    source = random.Random(count)
    for _ in range(count):
        check(line(source))
    print(f"{count:,} lines masked, each as by the pattern")


if __name__ == "__main__":
    main(int(sys.argv[1]))
