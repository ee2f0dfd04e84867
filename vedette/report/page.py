"""The page around the figures: template, style, script, and the policy that allows no others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from engine.ports import Document
from vedette.output.html import environment, sha256
from vedette.output.lines import encode

_FOLDER = Path(__file__).parent / "templates"
_SCRIPT_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@cache
def template() -> Template:
    """The report's template, in a sandbox that escapes everything not marked safe here."""
    return environment(_FOLDER).get_template("report.html.j2")


def assets() -> dict[str, Markup]:
    """The project's own style and script, and a policy that lets nothing else run or load."""
    css, js = _read("report.css"), _read("report.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{sha256(css)}'; script-src '{sha256(js)}'; "
        "require-trusted-types-for 'script'"
    )
    # Markup is right here: both files are the project's, none of it comes from events.
    return {"css": Markup(css), "js": Markup(js), "policy": Markup(policy)}  # noqa: S704


def json_block(value: Document) -> Markup:
    """JSON that may stand inside a script element: no `<`, `>`, `&` or line separator is left."""
    return Markup(encode(value).translate(_SCRIPT_UNSAFE))  # noqa: S704


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
