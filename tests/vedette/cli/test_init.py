"""`vedette init`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.errors import InputError
from vedette.cli.init import command
from vedette.settings import load


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_writes_a_valid_configuration_and_says_what_is_next() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "wrote vedette.yml",
        "next:",
        "  1. make the folder inbox and put files of events in it",
        "  2. vedette config check",
        "  3. vedette run -c vedette.yml",
    ]
    assert load(Path("vedette.yml"), {}).settings.store == "sqlite"


def test_it_never_overwrites_unasked() -> None:
    path = Path("vedette.yml")
    path.write_text("mine")
    result = run()
    assert isinstance(result.exception, InputError)
    assert str(result.exception) == (
        "vedette.yml: a file is already there; expected another path, or --force"
    )
    assert path.read_text() == "mine"


def test_force_overwrites() -> None:
    path = Path("vedette.yml")
    path.write_text("mine")
    assert run("--force").exit_code == 0
    assert "mine" not in path.read_text().split()


def test_a_cluster_is_written_in() -> None:
    result = run("c.yml", "--cluster", "https://es:9200/")
    assert "vedette config check -c c.yml" in result.output
    settings = load(Path("c.yml"), {}).settings
    assert settings.cluster is not None
    assert settings.cluster.hosts == ("https://es:9200",)


@pytest.mark.parametrize("url", ["es:9200", "https://u:p@es:9200", 'http://"]\nx: [', ""])
def test_a_wrong_url_writes_nothing(url: str) -> None:
    result = run("--cluster", url)
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("--cluster: ")
    assert "u:p" not in str(result.exception)
    assert not Path("vedette.yml").exists()


def test_a_place_that_cannot_be_written_is_told() -> None:
    assert str(run("absent/vedette.yml").exception) == (
        "absent/vedette.yml: cannot be written: No such file or directory"
    )
    Path("folder").mkdir()
    assert str(run("folder", "--force").exception) == ("folder: cannot be written: Is a directory")
