"""`vedette coverage` counts what sees each technique, in four forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vedette.cli.command import DEFENDER, WHOAMI, Answer, vedette


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yml").write_text(WHOAMI)
    (folder / "b.yml").write_text(DEFENDER)
    return folder


def covered(rules: Path, *more: str) -> Answer:
    return vedette("coverage", "--rules", rules, "--no-cache", *more)


def test_the_table_counts_and_names_gaps(rules: Path) -> None:
    done = covered(rules, "--logsource", "product=linux")
    assert done.code == 0
    lines = done.out.splitlines()
    blind = "  no log source  T1033      System Owner/User Discovery: needs "
    assert blind + "product:windows/category:process_creation" in lines
    assert "  no rule        T1123      Audio Capture" in lines
    assert lines[-1].startswith("0 of ")
    assert covered(rules).out.splitlines()[-1].endswith("taken as delivered, as none is named")


def test_json_layer_and_page_agree(rules: Path) -> None:
    more = ("--logsource", "product=windows,category=process_creation", "--models", "office")
    entries = [json.loads(line) for line in covered(rules, *more, "-o", "json").out.splitlines()]
    found = {e["technique"]: e for e in entries if e["state"] == "detected"}
    assert sorted(found) == ["T1033", "T1685"]
    assert found["T1033"]["models"] == ["office"]
    layer = json.loads(covered(rules, *more, "-o", "layer").out)
    scored = [cell["techniqueID"] for cell in layer["techniques"] if cell["score"]]
    assert scored == ["T1033", "T1685"]
    page = covered(rules, *more, "-o", "html").out
    assert page.startswith("<!doctype html>")
    assert "Whoami Was Run" in page


def test_the_sources_of_a_configuration_are_delivered(rules: Path, tmp_path: Path) -> None:
    config = tmp_path / "vedette.yml"
    config.write_text(
        "sources:\n- {name: a, type: folder, path: logs, logsource: {product: windows}}\n"
    )
    done = covered(rules, "--config", str(config), "-o", "json")
    states = {each["state"] for each in map(json.loads, done.out.splitlines())}
    assert states == {"detected", "gap"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--logsource", "windows"), "--logsource"),
        (("--logsource", "colour=red"), "--logsource"),
        (("--output", "xml"), "--output"),
        (("--attack-version", "7"), "--attack-version"),
    ],
)
def test_what_cannot_be_asked_is_named(rules: Path, arguments: tuple[str, str], words: str) -> None:
    done = covered(rules, *arguments)
    assert done.code == 3
    assert words in done.err
