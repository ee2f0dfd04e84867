from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from vedette.output.safe import brief, csv_cell, json_text, terminal, visible, visible_lines

ANY = st.text(st.characters(exclude_categories=()))
MARKUP = st.text(st.sampled_from("[]/\\ab#@= :\x1b\u202e"), max_size=30)


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J", r"\x9b2J"),
        ("exe\u202egpj.", r"exe\u202egpj."),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("line\r\nfeed\t", r"line\r\nfeed\t"),
        ("nul\x00", r"nul\x00"),
        ("lone \ud800", r"lone \ud800"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("\u0301start", r"\u0301start"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + r"\u0301\u0301"),
    ],
)
def test_what_misleads_is_shown_as_an_escape(hostile: str, seen: str) -> None:
    assert visible(hostile) == seen


@pytest.mark.parametrize(
    "plain", ["C:\\Windows\\cmd.exe", "Zürich Łódź", "日本語", "مرحبا", "é", "🦊"]
)
def test_printable_text_of_any_script_is_left_alone(plain: str) -> None:
    assert visible(plain) == plain


@given(ANY)
def test_visible_text_has_no_control_format_or_surrogate_character(text: str) -> None:
    shown = visible(text)
    # Some format characters are drawn (Arabic number signs and the like); those may stay.
    drawn = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
    for char in shown:
        kind = unicodedata.category(char)
        assert kind not in {"Cc", "Cs", "Zl", "Zp"}
        assert kind != "Cf" or ord(char) in drawn or 0x110BD <= ord(char) <= 0x1345F
    shown.encode("utf-8")


@given(ANY)
def test_visible_is_idempotent(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY | MARKUP)
def test_terminal_text_prints_the_same_with_markup_on(text: str) -> None:
    shown = Text.from_markup(f"[bold]{terminal(text)}[/bold] end", emoji=False)
    assert shown.plain.rstrip("\\") == shown.plain
    assert shown.plain.removesuffix(" end").rstrip("\\") == visible(text).rstrip("\\")


@given(ANY | MARKUP)
def test_no_escape_sequence_of_the_text_reaches_a_terminal(text: str) -> None:
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system=None, width=80).print(terminal(text))
    assert "\x1b" not in out.getvalue()


@given(ANY | st.text(st.sampled_from("=+-@\t\r \n'a"), max_size=6))
def test_no_csv_cell_begins_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    assert "\n" not in cell
    assert "\r" not in cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "  =", "\uff1d"])
def test_a_formula_gets_a_quote_in_front(start: str) -> None:
    assert csv_cell(start + "cmd|' /C calc'!A0").startswith("'")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_text_is_the_same_value_without_raw_controls(text: str) -> None:
    encoded = json_text(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(encoded) == {text: text}
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028, 0x200B):
        assert chr(code) not in encoded


def test_line_feeds_stay_where_lines_are_wanted() -> None:
    assert visible_lines("a\x1b\nb\r\n") == "a\\x1b\nb\\r\n"


def test_brief_text_says_that_it_was_cut() -> None:
    assert brief("abcdef", 4) == "abc…"
    assert brief("abcd", 4) == "abcd"
    assert len(brief("\x1b" * 9, 9)) == 9


def test_long_runs_of_backslashes_cost_no_more_than_other_text() -> None:
    run = "\\" * 300_000  # a quadratic search would not come back from this
    assert len(terminal(run + "x[" + run)) >= 600_002
