"""`vedette mitre map` names techniques and the rules that speak for them, or says unknown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.vedette.cli.command import vedette

DUMP = "rundll32.exe comsvcs.dll MiniDump 624 lsass.dmp full"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cache for all tests here: the mapper of Vedette's own rules is made once."""
    folder = tmp_path_factory.getbasetemp() / "mapper-home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))


def test_a_text_gets_its_technique_and_the_rules_that_are_like_it() -> None:
    done = vedette("mitre", "map", DUMP)
    assert done.code == 0
    assert "T1003.001  LSASS Memory  (credential-access)" in done.out.splitlines()[0]
    assert "like 0." in done.out.splitlines()[1]
    assert re.fullmatch(r" *\d+%  tactic     [a-z-]+", done.out.splitlines()[-1])


def test_json_holds_what_the_table_shows() -> None:
    done = vedette("mitre", "map", DUMP, "-o", "json", "--top", "1")
    (first,) = json.loads(done.out)
    assert first["technique"] == "T1003.001"
    assert 0.1 <= first["confidence"] <= 1
    assert first["because"][0]["title"]


def test_an_event_is_mapped_by_the_fields_that_rules_read(tmp_path: Path) -> None:
    event = {
        "Image": r"C:\Windows\System32\rundll32.exe",
        "CommandLine": DUMP,
        "Noise": "schtasks.exe /create /tn update",
    }
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    done = vedette("mitre", "map", "--event", str(path), "--logsource", "category=process_creation")
    assert "T1003.001" in done.out.splitlines()[0]


def test_unknown_is_an_answer() -> None:
    done = vedette("mitre", "map", "Zwölf Boxkämpfer jagen Viktor")
    assert (done.code, done.out) == (1, "unknown: no technique is sure enough\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "map takes a TEXT or --event FILE"),
        (("x", "--event", "nowhere.json"), "map takes a TEXT or --event FILE"),
        (("--event", "nowhere.json"), "nowhere.json"),
        (("x", "--logsource", "colour=red"), "--logsource"),
        (("x", "--encoder", "nobody"), "no encoder is called"),
    ],
)
def test_what_cannot_be_asked_is_named(arguments: tuple[str, ...], words: str) -> None:
    done = vedette("mitre", "map", *arguments)
    assert done.code == 3
    assert words in done.err
