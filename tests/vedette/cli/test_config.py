"""`vedette config check|show|schema`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.errors import SettingsError
from vedette.cli.config import command
from vedette.settings.schema import json_schema

FILE = Path("vedette.yml")
CLUSTER = "cluster:\n  hosts: [https://es:9200]\n  username: u\n  password: hunter2\n"


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner(env=environ).invoke(command, arguments)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")


class TestCheck:
    """`config check`."""

    def test_without_a_file_it_checks_defaults_and_environment(self) -> None:
        result = run("check")
        assert result.exit_code == 0
        assert result.output == (
            "ok: defaults and environment: no cluster; sources: inbox (folder); "
            "alerts in /state/vedette/vedette.sqlite; rules: Vedette's own\n"
        )

    def test_it_sums_a_right_file_up(self) -> None:
        FILE.write_text(CLUSTER)
        assert run("check").output == (
            "ok: vedette.yml: cluster https://es:9200; sources: none; "
            "alerts in the cluster; rules: Vedette's own\n"
        )

    def test_it_tells_every_error(self) -> None:
        Path("a.yml").write_text("zzz: 1\nlog: {level: loud}\n")
        result = run("check", "-c", "a.yml")
        assert isinstance(result.exception, SettingsError)
        assert len(str(result.exception).splitlines()) == 2
        assert result.output == ""

    def test_the_file_may_be_named_by_a_variable(self) -> None:
        Path("b.yml").write_text("zzz: 1\n")
        assert str(run("check", VEDETTE_CONFIG="b.yml").exception).startswith("b.yml:1: zzz:")

    def test_paths_with_nothing_there_are_errors(self, tmp_path: Path) -> None:
        FILE.write_text(CLUSTER + "  ca_file: ca.pem\nrules: {paths: [r]}\n")
        result = run("check", VEDETTE_RULES__PIPELINES='["p.yml"]')
        assert sorted(str(result.exception).splitlines()) == [
            f"VEDETTE_RULES__PIPELINES: rules.pipelines: nothing is at {tmp_path}/p.yml",
            f"vedette.yml:5: cluster.ca_file: nothing is at {tmp_path}/ca.pem",
            f"vedette.yml:6: rules.paths: nothing is at {tmp_path}/r",
        ]

    def test_so_are_those_of_tuning_hunts_and_pipelines(self, tmp_path: Path) -> None:
        FILE.write_text(
            CLUSTER + "tuning:\n  files: [t.yml]\n  exceptions: [e]\nhunts: {paths: [h]}\n"
            "sources: [{type: search, name: a, index: a}]\n"
            "pipelines: [{name: p, sources: [a], rules: {paths: [r], pipelines: [p.yml]}}]\n"
        )
        assert set(str(run("check").exception).splitlines()) == {
            f"vedette.yml:{line}: {field}: nothing is at {tmp_path}/{name}"
            for line, field, name in [
                (6, "tuning.files", "t.yml"),
                (7, "tuning.exceptions", "e"),
                (8, "hunts.paths", "h"),
                (10, "pipelines.0.rules.paths", "r"),
                (10, "pipelines.0.rules.pipelines", "p.yml"),
            ]
        }


class TestShow:
    """`config show`."""

    def test_each_value_stands_with_its_origin(self) -> None:
        FILE.write_text("log:\n  level: debug\n")
        output = run("show", VEDETTE_NAMESPACE="prod").output
        lines = [" ".join(line.split()) for line in output.splitlines()]
        assert 'namespace = "prod" (VEDETTE_NAMESPACE)' in lines
        assert 'log.level = "debug" (vedette.yml:2)' in lines
        assert 'log.format = "text" (default)' in lines
        assert 'sources.0.interval = "5s" (default)' in lines

    @pytest.mark.parametrize("form", [["show"], ["show", "--json"]])
    def test_no_secret_is_shown(self, form: list[str]) -> None:
        FILE.write_text(CLUSTER)
        output = run(*form).output
        assert "******" in output
        assert "hunter2" not in output

    def test_json_has_value_and_origin_by_dotted_path(self) -> None:
        FILE.write_text(CLUSTER + "log: {level: debug}\n")
        shown = json.loads(run("show", "--json").output)
        assert shown["log.level"] == {"value": "debug", "origin": "vedette.yml:5"}
        assert shown["cluster.password"] == {"value": "******", "origin": "vedette.yml:4"}
        assert shown["cluster.api_key"] == {"value": None, "origin": "default"}
        assert shown["cluster.timeout"] == {"value": "30s", "origin": "default"}

    def test_nothing_in_a_value_reaches_the_terminal_raw(self) -> None:
        FILE.write_text('sources: [{type: folder, name: a, path: "x\\u202e\\e[2J\\x9b"}]\n')
        output = run("show").output
        assert output.replace("\n", "").isprintable()
        assert "\\u202e" in output


def test_schema_prints_the_json_schema() -> None:
    assert json.loads(run("schema").output) == json_schema()


@pytest.mark.parametrize("module", ["init", "config"])
def test_a_commands_help_does_not_import_pydantic(module: str) -> None:
    code = f"import sys, vedette.cli.{module}; sys.exit('pydantic' in sys.modules)"
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
