"""The text of a file, character by character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from vedette.lint.document import RuleFile
from vedette.lint.finding import Found
from vedette.lint.registry import ERROR, INFO, WARNING, of_file

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2065\ufeff]")
_WORD = re.compile(r"[^\W\d_]+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@of_file("turned-text", ERROR)
def turned_text(file: RuleFile) -> Iterator[Found]:
    """A character that turns the direction of the text.

    The reader then sees another value than the one that is compared. A rule that looks for such
    characters writes them as escapes in double quotes: "\\u202e".
    """
    yield from _hidden(file, _TURNING)


@of_file("hidden-character", WARNING)
def hidden_character(file: RuleFile) -> Iterator[Found]:
    """A character that is not drawn.

    A zero-width space keeps a value from ever matching, and nobody sees why. A rule that looks
    for such characters writes them as escapes in double quotes: "\\u200b".
    """
    yield from _hidden(file, _UNSEEN)


def _hidden(file: RuleFile, kind: re.Pattern[str]) -> Iterator[Found]:
    """Each such character once, where it is first, with how many lines have it."""
    if file.text.isascii():
        return
    places: dict[str, list[int]] = {}
    for number, line in enumerate(file.lines, start=1):
        for char in set(kind.findall(line)):
            places.setdefault(char, []).append(number)
    for char, lines in places.items():
        more = f", on {len(lines)} lines" if len(lines) > 1 else ""
        name = unicodedata.name(char, "unnamed")
        yield Found(f"has U+{ord(char):04X} {name}{more}", lines[0])


@of_file("lookalike", WARNING)
def lookalike(file: RuleFile) -> Iterator[Found]:
    """A word mixes letters of two alphabets that look alike.

    A Cyrillic or Greek letter between Latin ones looks right and compares as different.
    """
    if file.text.isascii():
        return
    for number, line in enumerate(file.lines, start=1):
        for word in _WORD.findall("" if line.isascii() else line):
            scripts = {_script(char) for char in word} & {"LATIN", "CYRILLIC", "GREEK"}
            if len(scripts) > 1:
                names = " and ".join(sorted(name.capitalize() for name in scripts))
                yield Found(f"{word!a} mixes {names} letters", number)


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


@of_file("control-character", WARNING)
def control_character(file: RuleFile) -> Iterator[Found]:
    """A control character stands in the text.

    No editor shows it, and few values have one.
    """
    for number, line in enumerate(file.lines, start=1):
        for char in sorted(set(_CONTROL.findall(line))):
            yield Found(f"has the control character U+{ord(char):04X}", number)


@of_file("tab", WARNING)
def tab(file: RuleFile) -> Iterator[Found]:
    """A tab stands in the text.

    YAML forbids tabs as indentation, and in a value nobody sees that it is not spaces.
    """
    for number, line in enumerate(file.lines, start=1):
        if "\t" in line:
            yield Found("has a tab", number)


@of_file("trailing-space", INFO)
def trailing_space(file: RuleFile) -> Iterator[Found]:
    """A line ends in spaces.

    Noise in every later diff.
    """
    for number, line in enumerate(file.lines, start=1):
        if line.rstrip("\r") != line.rstrip("\r").rstrip(" "):
            yield Found("ends in spaces", number)


@of_file("line-ends", INFO)
def line_ends(file: RuleFile) -> Iterator[Found]:
    """Lines end in CR LF, or the last one does not end.

    Rules are kept with LF and a final line end, so that diffs show what changed.
    """
    if "\r\n" in file.text:
        yield Found("lines end in CR LF", file.text[: file.text.index("\r\n")].count("\n") + 1)
    if file.text and not file.text.endswith("\n"):
        yield Found("the last line has no end", len(file.lines))
