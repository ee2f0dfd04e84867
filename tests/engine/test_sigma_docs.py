"""`docs/sigma.md` says what is so: its table is the code's, its links lead to every case."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from engine.blame import _KEYS
from engine.kinds import KINDS, PRESENT, Kind
from engine.match.pattern import TIME_LIMIT
from engine.rule_files import MAX_BYTES
from engine.rule_shape import MAX_DASHES, MAX_LEVELS, MAX_NODES
from tests.engine.match.test_cases import FILES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sigma.md").read_text(encoding="utf-8")


def row(kind: Kind) -> str:
    """A kind as a line of the table."""
    shape = "; ".join(f"`{name}` {said(wanted)}" for name, wanted in kind.shape.items())
    return f"| {kind.source} | {shape} |"


def said(wanted: str | tuple[str, ...]) -> str:
    if wanted == PRESENT:
        return "present"
    texts = (wanted,) if isinstance(wanted, str) else wanted
    names = [f"…`{text[1:]}`" if text[0] == "*" else f"`{text}`" for text in texts]
    return "is " + " or ".join(names)


def test_the_table_of_kinds_is_the_codes() -> None:
    shown = [line for line in PAGE.splitlines() if line.startswith(("| product:", "| service:",
                                                                    "| category:"))]  # fmt: skip
    assert shown == [row(kind) for kind in KINDS]


def test_every_file_of_cases_is_linked_with_what_it_is_about() -> None:
    for file in FILES:
        about = yaml.safe_load(file.read_text(encoding="utf-8"))["about"]
        assert f"- [{about}](../tests/cases/match/{file.name})" in PAGE


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert links
    for link in (link for link in links if not link.startswith("https:")):
        assert (ROOT / "docs" / link).exists(), link


def test_limits_are_those_of_the_code() -> None:
    for limit in (f"{MAX_BYTES // 1024} KiB", f"{MAX_NODES:,} values", f"{MAX_LEVELS} levels",
                  f"{TIME_LIMIT} s", f"{MAX_DASHES} dashes"):  # fmt: skip
        assert limit in PAGE, limit


def test_messages_in_the_page_are_said() -> None:
    """Each line in the page's example of refusals is a message of the golden table."""
    table = yaml.safe_load((Path(__file__).parent / "broken.yml").read_text(encoding="utf-8"))
    golden = {case["said"].replace("{file}", "rule.yml") for case in table["cases"]}
    block = PAGE.partition("```text\n")[2].partition("```")[0]
    lines = block.strip().splitlines()
    assert lines
    assert [line for line in lines if line not in golden] == []
    assert len(_KEYS) > 20
