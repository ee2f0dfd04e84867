"""The coverage matrix as one page: no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from vedette import __version__
from vedette.covers import COLOURS, MEANINGS, Seen, Survey
from vedette.output.html import environment, sha256

_FOLDER = Path(__file__).parent / "templates"

SHOWN = 25
"""Rules that a technique names on the page."""


def page(found: Survey, rules_from: str, generated: datetime) -> str:
    """The matrix: tactics as columns, techniques with what sees them, and the gaps by name."""
    css = (_FOLDER / "coverage.css").read_text(encoding="utf-8")
    return _template().render(
        # Markup is right here: the file is the project's, none of it comes from rules.
        css=Markup(css),  # noqa: S704
        policy=f"default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src '{sha256(css)}'",
        found=found,
        columns=[_column(found, tactic.shortname) for tactic in found.tactics],
        tactics=found.tactics,
        blind=[each for each in found.seen if each.state == "blind"],
        states=[(state, MEANINGS[state], found.count(state)) for state in COLOURS],
        rules_from=rules_from,
        shown=SHOWN,
        generated=generated,
        version=__version__,
    )


def _column(found: Survey, tactic: str) -> list[dict[str, Any]]:
    """The techniques of a tactic, each with its sub-techniques and its state with them."""
    inside = found.under(tactic)
    whole: list[dict[str, Any]] = []
    for each in (s for s in inside if s.technique.parent is None):
        parts = [s for s in inside if s.technique.parent == each.technique.id]
        whole.append({
            "seen": each,
            "parts": parts,
            "state": _together([each, *parts]),
            "rules": len({title for s in (each, *parts) for title in s.rules}),
            "covered": sum(s.state == "detected" for s in parts),
        })  # fmt: skip
    return whole


def _together(family: list[Seen]) -> str:
    states = {each.state for each in family}
    return next(state for state in COLOURS if state in states)


@cache
def _template() -> Template:
    return environment(_FOLDER).get_template("coverage.html.j2")
