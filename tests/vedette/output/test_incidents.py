"""Incidents in the hunt's table and report."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from engine.incident.gather import Gathering
from tests.engine.incident.made import DISCOVERY, document
from vedette.output.incidents import SHOWN
from vedette.output.summary import Summary
from vedette.output.writers import writer
from vedette.report import render

HOSTILE = "\x1b[2J<b>‮"


def summary(incidents: int) -> Summary:
    made, gathering = Summary(events=100, rules_loaded=3), Gathering()
    for at in range(incidents):
        for part, steps in enumerate(((DISCOVERY,), ())):
            told = document(f"{at}-{part}", at * 60, host=f"H{at}", user=HOSTILE, steps=steps)
            made.add(told)
            gathering.add(told)
    made.incidents = gathering.stories()
    return made


def table(made: Summary, width: int = 120) -> str:
    out = io.StringIO()
    writer("table", out, width=width, color=False).close(made)
    return out.getvalue()


def test_incidents_stand_before_the_rules() -> None:
    shown = table(summary(1))
    assert shown.index("Account Discovery on h0") < shown.index("Rule 0-0")
    assert "Discovery" in shown
    assert "\x1b" not in shown
    assert "‮" not in shown


def test_of_many_incidents_the_first_are_shown_and_the_rest_counted() -> None:
    shown = table(summary(SHOWN + 3))
    assert shown.count("Account Discovery on") == SHOWN
    assert "and 3 more incidents" in shown


def test_a_narrow_terminal_shows_them_too() -> None:
    lines = table(summary(1), width=70).splitlines()
    assert "Account Discovery on h0" in "\n".join(lines)
    assert max(map(len, lines)) <= 70


def test_the_report_page_tells_the_story_and_no_markup_of_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    now = datetime(2026, 11, 24, tzinfo=UTC)
    render(summary(2), (), path, title="Hunt", generated=now, version="0", command=None)
    page = path.read_text()
    assert "Account Discovery on h1" in page
    assert "Most probably T1087 Account Discovery." in page
    assert "<b>\\u202e" not in page


def test_without_alerts_there_are_no_incidents_to_show(tmp_path: Path) -> None:
    assert "Incident" not in table(Summary())
    now = datetime(2026, 11, 24, tzinfo=UTC)
    render(Summary(), (), tmp_path / "p.html", title="Hunt", generated=now, version="0",
           command=None)  # fmt: skip
    assert "h-incidents" not in (tmp_path / "p.html").read_text()
