"""What is said about a wrong configuration, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import SettingsError
from vedette.settings import SettingsErrors, load

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("bad.yml").read_text(encoding="utf-8")
)
FILE = Path("vedette.yml")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(text: str | bytes, environ: dict[str, str] | None = None) -> list[str]:
    FILE.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsErrors) as caught:
        load(FILE, environ or {})
    return str(caught.value).splitlines()


@pytest.mark.parametrize("case", CASES, ids=[case["claim"] for case in CASES])
def test_a_wrong_configuration_is_told_line_by_line(case: dict[str, Any]) -> None:
    assert lines(case["yaml"], case.get("environ")) == case["lines"]


def test_no_case_shows_a_password() -> None:
    said = [line for case in CASES for line in lines(case["yaml"], case.get("environ"))]
    assert not [line for line in said if "hunter2" in line or "changeme" in line]


def test_every_error_is_kept_as_an_error_of_its_own() -> None:
    FILE.write_text("log: {levle: info}\nzzz: 1\n")
    with pytest.raises(SettingsErrors) as caught:
        load(FILE, {})
    assert [(e.line, e.field, e.nearest) for e in caught.value.errors] == [
        (1, "log.levle", "level"),
        (2, "zzz", None),
    ]
    assert isinstance(caught.value, SettingsError)


def test_very_many_errors_are_cut_with_their_number() -> None:
    said = lines("".join(f"k{n}: 1\n" for n in range(130)))
    assert len(said) == 101
    assert said[-1] == "and 30 more errors"


def test_an_absent_file_says_how_to_get_one() -> None:
    with pytest.raises(SettingsErrors) as caught:
        load(Path("absent.yml"), {})
    expected = "absent.yml: no such file; expected a configuration; 'vedette init' writes one"
    assert str(caught.value) == expected


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsErrors, match="cannot be read: Is a directory"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"a: 1\nb: \xff\n", "vedette.yml:2: not UTF-8 text"),
        (b"a: 1\n\nb: \x00\n", "vedette.yml:3: the character U+0000 is not allowed"),
        (b"#" * (1 << 20) + b"#", "vedette.yml: the file is too large; expected at most 1 MiB"),
        (b"a: " + b"[" * 100_000, "vedette.yml:1: nested deeper than 32 levels"),
        (b"- " * 50_000, "vedette.yml:1: nested deeper than 32 levels"),
        (b"a: &a 1\nb: [" + b"*a," * 200 + b"]", "vedette.yml:2: more than 100 aliases"),
        (b"a: [" + b"1," * 50_000 + b"]", "vedette.yml:1: more than 20000 values"),
        (b"a: " + b"9" * 10_000, None),
    ],
)
def test_hostile_bytes_are_refused_in_one_line(raw: bytes, line: str | None) -> None:
    said = lines(raw)
    assert len(said) == 1
    assert len(said[0]) < 200
    assert line is None or said == [line]


def test_deeply_nested_json_in_a_variable_is_refused() -> None:
    said = lines("", {"VEDETTE_SOURCES": "[" * 100_000})
    assert said == ["VEDETTE_SOURCES: not valid JSON; expected a JSON list or object"]
