r"""Text from events and rules, made fit for a terminal, a page and a spreadsheet.

Whoever writes a log line writes what an analyst reads: an escape sequence can recolour or
rewrite the terminal, a bidirectional override can show `gpj.exe` as `exe.jpg`, a cell that
begins with `=` is a formula. Such characters are never dropped; they become visible escapes
(`\x1b`, `\u202e`), which is evidence that they were there.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: ESC, CSI and friends
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # drawn as nothing
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, separators, bidi marks and isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff"  # lone surrogates: no encoder takes them
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # format, tags
    "]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"(?<={_MARK * 4}){_MARK}+|\\A{_MARK}+")
"""Combining marks that start a text (they would land on whatever stands before it) and those
beyond four on one letter (they smear over the lines above and below)."""
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001  the full-width forms are formulas too
_BRACKET = re.compile(r"(?<!\\)(\\*)\[([a-z#/@][^\[]*?\])?")


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escape_all(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in match.group())


def visible(text: object) -> str:
    r"""Text on one line with every control, invisible or direction-changing character escaped.

    Printable text is returned unchanged, whatever its script, except for combining
    marks without a letter or beyond four on one. A lone surrogate becomes
    `\ud800`, so that the result can always be encoded.
    """
    raw = text if isinstance(text, str) else str(text)
    return _PILE.sub(_escape_all, _UNSAFE.sub(_escape, raw))


def visible_lines(text: object) -> str:
    """Like `visible`, but line feeds stay: for places that keep line breaks."""
    return "\n".join(visible(line) for line in str(text).split("\n"))


def terminal(text: object) -> str:
    """Visible text that is also literal inside rich's markup: `[bold]` prints as `[bold]`.

    For text that rich does not read as markup (`click.echo`, `rich.text.Text`), use `visible`:
    the backslashes that keep a bracket from being a tag would show there.
    """
    escaped = _BRACKET.sub(_literal, visible(text))
    trailing = len(escaped) - len(escaped.rstrip("\\"))
    # An odd backslash would swallow the tag that comes after this text.
    return escaped + "\\" if trailing % 2 else escaped


def _literal(match: re.Match[str]) -> str:
    slashes, tag = match.groups()
    # Rich halves the backslashes before what looks like a tag, and drops one before any other.
    return f"{slashes * 2}\\[{tag}" if tag else f"{slashes}\\["


def csv_cell(text: object) -> str:
    """Visible text that no spreadsheet takes for a formula.

    A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return (leading spaces not
    counted) gets a `'` in front.
    """
    raw = text if isinstance(text, str) else str(text)
    guarded = raw.startswith(_FORMULA) or raw.lstrip().startswith(_FORMULA)
    return f"'{visible(raw)}" if guarded else visible(raw)


def json_text(encoded: str) -> str:
    r"""JSON text with the characters `visible` escapes written as `\uXXXX`: the same value.

    JSON escapes C0 controls itself, but leaves C1 controls and bidirectional overrides raw,
    which a terminal then obeys. `encoded` must be JSON without line breaks of its own.
    """
    return _UNSAFE.sub(_json_escape, encoded)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def brief(text: object, longest: int) -> str:
    """Visible text of at most `longest` characters; a cut one ends in `…`."""
    shown = visible(str(text)[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
