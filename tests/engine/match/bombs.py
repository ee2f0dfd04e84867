"""Regular expressions that make engines slow, each with values to be slow on: 200 of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Bomb:
    """An expression, flags, and hostile values made of `fuel` as often as fits, then `end`."""

    family: str
    source: str
    flags: str
    fuel: str
    end: str

    def value(self, size: int) -> str:
        return (self.fuel * (size // len(self.fuel) + 1))[: size - len(self.end)] + self.end


AROUND = ["(?=a)", "(?!z)", "(?<!z)", "(?<=^)", "(?=.*a)"]
LOOPS = ["(a+)+", "(a*)*", "(a|aa)+", "(a|a)*", "(a|a?)+", "([a-z]+)*", "(a+b?)+", "((a+)+)+",
         "(.*a){11}", "(.*)(.*)(.*)", "(a?){30}a{30}", "(?:a+a+)+", r"(\w+\s?)+", "(a*?)*?",
         ".*?.*?.*?", "[^b]*?[a-z]*?", "(?:a.?)*", "(a{1,9}){1,9}"]  # fmt: skip


def nested(rnd: random.Random) -> Bomb:
    return Bomb("nested quantifiers", rnd.choice(LOOPS) + rnd.choice(["$", "z", "[0-9]$"]), "",
                "a", rnd.choice(["!", "b\n"]))  # fmt: skip


def alternation(rnd: random.Random) -> Bomb:
    words = ["a" * rnd.randint(1, 9) for _ in range(rnd.randint(2, 9))]
    loop = rnd.choice(["+", "*", "{1,40}"])
    return Bomb("overlapping alternatives", f"^({'|'.join(words)}){loop}$", "", "a", "!")


def around(rnd: random.Random) -> Bomb:
    tail = rnd.choice(["$", "z", r"\dz"])
    source = rnd.choice(AROUND) + rnd.choice(LOOPS) + tail
    return Bomb("look-around", source, rnd.choice(["", "i", "s"]), "a",
                rnd.choice(["!", "\nz", "b!"]))  # fmt: skip


def reference(rnd: random.Random) -> Bomb:
    source = rnd.choice([r"^(a+)\1+$", r"(a*)*\1z", r"(.*)(.*)\2\1z", r"(.+)\1\1\1z",
                         r"^(a?)(a+)+\1$", r"(?:(?=(\w+))\1)*z", r"(.*?)(.*?)\1\2z",
                         r"(\w+)\s(\w+)\s\1\2$",
                         r"(a+?)+?\1z", r"(?P<x>a+)+(?P=x)z", r"(a)?(?(1)a+)+z"])  # fmt: skip
    return Bomb("references back", source, rnd.choice(["", "i", "s"]),
                rnd.choice(["a", "aa ", "ab"]), rnd.choice(["!", "\nz"]))  # fmt: skip


def counted(rnd: random.Random) -> Bomb:
    n = rnd.choice([20, 60, 100, 400, 900, 1000])
    source = rnd.choice(
        ["(x{1,N}){1,N}y", "((x{1,N}){1,N}){1,N}y", "a[ab]{N}c", "(a|b)*a(a|b){N}c", "(?:a?){N}b",
         "a.{N}z", "(?=a)(.{1,N}){1,N}z", "[a-z]{N,}[0-9]", "(?=a)a{1,N}a{1,N}a{1,N}z"]
    ).replace("N", str(n))  # fmt: skip
    mixed = "".join(rnd.choice("ab") for _ in range(1 << 16))
    fuel = "x" if source.lstrip("(").startswith("x") else mixed
    return Bomb("counted repetitions", source, "", fuel, rnd.choice(["!", "\ny"]))


def letters(rnd: random.Random) -> Bomb:
    one = rnd.choice(
        ["[^\\W\\d]", "[\\w\\W]", "[\u0400-\u04ff]", "\u017f", "\u212a", "[à-ÿ]", "(?:ß|s)"]
    )
    return Bomb("letters of all alphabets", rnd.choice(["", "(?!z)"]) + f"({one}+)+$", "i",
                rnd.choice(["\u0436", "sk", "\u212a\u017f", "ß", "é😀"]), "!")  # fmt: skip


def huge(rnd: random.Random) -> Bomb:
    count = rnd.choice([50, 500, 900])
    words = [f"w{rnd.randrange(10**5)}x" for _ in range(count)]
    return Bomb("many alternatives", rnd.choice(["", "(?=w)"]) + f"({'|'.join(words)})+y",
                rnd.choice(["", "i"]), rnd.choice([*words, "w1"]), "!")  # fmt: skip


def deep(rnd: random.Random) -> Bomb:
    levels = rnd.choice([20, 50, 90])
    loop = rnd.choice(["+", "*", "?", "{1,2}", "{2}"])
    return Bomb("deep nesting", rnd.choice(["", "(?=a)"]) + "(" * levels + "a" + f"){loop}" * levels
                + "$", "", "a", "!")  # fmt: skip


FAMILIES = (nested, alternation, around, reference, counted, letters, huge, deep)


def bombs(count: int = 200, seed: int = 1) -> Iterator[Bomb]:
    """The same ones each time, of every family as many."""
    rnd = random.Random(seed)
    for number in range(count):
        yield FAMILIES[number % len(FAMILIES)](rnd)
