"""The pages of hunts: their examples run, their tables are those of the code."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.search import hunts_counts
from engine.hunt import narrow, sliding, terms, tuned
from engine.hunt.indicators.lists import MAX_BYTES
from engine.hunt.keys import Key, written
from engine.hunt.load import load_hunts
from engine.hunt.model import ALERTS
from engine.hunt.parse import COMMON, HEAD
from engine.hunt.registry import types
from tests.conftest import ROOT
from tests.docs.pages import Page, page, rows
from vedette.hunt_check import findings
from vedette.hunt_tests import run_tests
from vedette.hunts import MOST_RECORDS

MAIN = page("docs/hunts.md")
EACH = pytest.mark.parametrize("name", types())

LISTS = {
    "addresses.csv": "203.0.113.0/24\n",
    "bundle.json": '{"type": "bundle", "objects": [{"type": "indicator", "name": "x",'
    ' "pattern": "[domain-name:value = \'bad.example\']"}]}',
}
"""What the example of indicators has beside it."""


def sheet(name: str) -> Page:
    return Page(ROOT / "docs" / "hunts" / f"{name}.md")


def example(name: str) -> str:
    (block,) = [block for block in sheet(name).blocks if block[0].startswith("title:")]
    return "\n".join(block) + "\n"


@EACH
def test_the_example_loads_and_its_tests_pass(name: str, tmp_path: Path) -> None:
    for file, text in LISTS.items():
        (tmp_path / file).write_text(text)
    (tmp_path / "example.yml").write_text(example(name))
    loaded = load_hunts([tmp_path])
    assert [str(error) for error in loaded.refused] == []
    (hunt,) = loaded.hunts
    assert hunt.type.name == name
    results = list(run_tests(hunt))
    assert len(results) >= 2
    assert {result.name: result.failure for result in results if result.failure} == {}


@EACH
def test_the_example_says_where_it_searches_and_when(name: str) -> None:
    assert {"index", "schedule"} <= yaml.safe_load(example(name)).keys()


@EACH
def test_the_keys_of_a_type_are_those_in_its_table(name: str) -> None:
    told = rows(sheet(name).text)
    assert told == [told_of(key) for key in types()[name].keys]


@EACH
def test_a_page_says_where_a_type_is_evaluated_and_what_it_cannot_see(name: str) -> None:
    where = sheet(name).section("Where it is evaluated").strip()
    assert where.lower().startswith(types()[name].where.lower() + ".")
    assert len(sheet(name).section("What it cannot see").strip()) > 50


def told_of(key: Key) -> list[str]:
    return [f"`{key.name}`", key.doc + (" Required." if key.required else default(key.default))]


def default(value: Any) -> str:
    if value in (None, ()):
        return ""
    text = written(value) if isinstance(value, timedelta) else str(value)
    return f" Default: `{text.lower() if isinstance(value, bool) else text}`."


def test_the_types_are_all_that_there_are() -> None:
    told = [(re.sub(r"\[(\w+)\].*", r"\1", name), finds, where)
            for name, finds, where in rows(MAIN.section("Types"))]  # fmt: skip
    assert told == [(name, kind.summary, kind.where) for name, kind in types().items()]


def test_the_keys_of_every_hunt_are_those_in_the_table() -> None:
    assert rows(MAIN.section("Format")) == [told_of(key) for key in (*HEAD, *COMMON)]


def test_the_limits_are_the_codes_own() -> None:
    told = [int(row[1].replace(",", "")) for row in rows(MAIN.section("Limits"))]
    assert told == [
        ALERTS, sliding.ROOM, hunts_counts.MOST, narrow.MOST, terms.LIMIT,
        tuned.MOST, MOST_RECORDS, MAX_BYTES,
    ]  # fmt: skip


def test_the_page_of_a_type_has_no_findings_but_words_about_it(tmp_path: Path) -> None:
    from mitre.catalog import Catalog

    (tmp_path / "example.yml").write_text(example("threshold"))
    (hunt,) = load_hunts([tmp_path]).hunts
    missing = {finding.field for finding in findings(hunt, Catalog.load())}
    assert missing == {"description", "tags", "falsepositives", "level"}
