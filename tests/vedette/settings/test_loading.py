"""What a right configuration gives: values, their precedence and their origins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vedette.settings import (
    FolderSource,
    Loaded,
    SearchSource,
    Settings,
    SettingsErrors,
    find,
    load,
)

CLUSTER = "cluster:\n  hosts: [https://es:9200/]\n"


def loaded(folder: Path, text: str = "", **environ: str) -> Loaded:
    path = folder / "vedette.yml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ)


def test_without_a_file_a_folder_is_watched_and_sqlite_keeps_alerts(tmp_path: Path) -> None:
    found = load(None, {"HOME": str(tmp_path)})
    assert found.settings.sources == (
        FolderSource(type="folder", name="inbox", path=Path("inbox").absolute()),
    )
    assert found.settings.store == "sqlite"
    home = tmp_path / ".local/state/vedette"
    assert (found.settings.state.dir, found.settings.output.sqlite) == (
        home,
        home / "vedette.sqlite",
    )
    assert set(found.origins.values()) == {"default"}
    assert found.file is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "rules:\nlog:\n", "---\n", "\ufefflog: {}\n"])
def test_an_empty_file_or_section_is_the_default(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text).settings == loaded(tmp_path).settings


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    text = "log: {level: debug, format: json}\n"
    found = loaded(tmp_path, text, VEDETTE_LOG__LEVEL="error")
    assert (found.settings.log.level, found.settings.log.format) == ("error", "json")
    assert found.origins["log.level"] == "VEDETTE_LOG__LEVEL"
    assert found.origins["log.format"] == f"{tmp_path / 'vedette.yml'}:1"
    assert found.origins["namespace"] == "default"


def test_every_value_has_an_origin(tmp_path: Path) -> None:
    text = CLUSTER + "sources:\n  - type: search\n    name: a\n    index: logs-*\n"
    found = loaded(tmp_path, text)
    file = tmp_path / "vedette.yml"
    assert found.origins["cluster.hosts"] == f"{file}:2"
    assert found.origins["sources.0.index"] == f"{file}:6"
    assert found.origins["sources.0.interval"] == "default"
    assert "rules" not in found.origins  # its keys have origins, not the section


def test_lists_and_objects_are_json_in_the_environment(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "rules: {tags: [a, b], strict: true}\n",
        VEDETTE_RULES='{"tags": ["c"]}',
        VEDETTE_RULES__STATUS='["stable"]',
        VEDETTE_ATTACK__VERSION="18",
        VEDETTE_CLUSTER='{"hosts": ["http://a"], "timeout": "1m"}',
        VEDETTE_CLUSTER__HOSTS='["http://b"]',
        VEDETTE_CLUSTER__VERIFY="false",
    )
    rules, cluster = found.settings.rules, found.settings.cluster
    assert (rules.tags, rules.strict, rules.status) == (("c",), True, ("stable",))
    assert found.settings.attack.version == 18
    assert cluster is not None
    assert (cluster.hosts, cluster.verify) == (("http://b",), False)
    assert cluster.timeout == timedelta(minutes=1)
    assert found.origins["rules.tags"] == "VEDETTE_RULES"
    assert found.origins["cluster.hosts"] == "VEDETTE_CLUSTER__HOSTS"


def test_a_list_in_the_environment_covers_the_files_whole(tmp_path: Path) -> None:
    text = "sources:\n  - {type: folder, name: a, path: a}\n  - {type: folder, name: b, path: b}\n"
    found = loaded(
        tmp_path, text, VEDETTE_SOURCES='[{"type": "folder", "name": "c", "path": "/c"}]'
    )
    assert [source.name for source in found.settings.sources] == ["c"]
    assert found.origins["sources.0.name"] == "VEDETTE_SOURCES"
    assert found.origins["sources.0.interval"] == "default"


def test_null_in_the_environment_takes_the_cluster_away(tmp_path: Path) -> None:
    assert loaded(tmp_path, CLUSTER, VEDETTE_CLUSTER="null").settings.cluster is None


@pytest.mark.parametrize(
    "name", ["VEDETTE_REQUIRE", "VEDETTE_SHARED", "VEDETTE_CONFIG", "VEDETTE_TEST_X", "OTHER"]
)
def test_reserved_and_foreign_variables_are_left_alone(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, "", **{name: "x"}).settings == loaded(tmp_path).settings


def test_relative_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    text = (
        "rules: {paths: [r, /abs, ~/h]}\nstate: {dir: s}\n"
        "sources:\n  - {type: folder, name: a, path: ../in}\n"
    )
    found = loaded(tmp_path, text, HOME="/home/u", VEDETTE_RULES__PIPELINES='["p.yml"]').settings
    assert found.rules.paths == (tmp_path / "r", Path("/abs"), Path("/home/u/h"))
    assert found.rules.pipelines == (tmp_path / "p.yml",)
    assert found.state.dir == tmp_path / "s"
    assert found.output.sqlite == tmp_path / "s" / "vedette.sqlite"
    assert found.sources[0] == FolderSource(type="folder", name="a", path=tmp_path / "../in")


def test_the_state_folder_follows_xdg_state_home(tmp_path: Path) -> None:
    found = loaded(tmp_path, HOME="/home/u", XDG_STATE_HOME="/state").settings
    assert found.state.dir == Path("/state/vedette")
    relative = loaded(tmp_path, HOME="/home/u", XDG_STATE_HOME="state").settings
    assert relative.state.dir == Path("/home/u/.local/state/vedette")


def test_a_search_source_has_the_documented_defaults(tmp_path: Path) -> None:
    text = CLUSTER + "sources:\n  - {type: search, name: a, index: 'logs-*,winlogbeat-*'}\n"
    found = loaded(tmp_path, text).settings
    source = found.sources[0]
    assert isinstance(source, SearchSource)
    assert source.interval == timedelta(seconds=30)
    assert source.overlap == timedelta(minutes=10)
    assert source.refresh_lag == timedelta(seconds=5)
    assert source.start == timedelta(hours=24)
    assert (source.time_field, source.cursor_field) == ("@timestamp", None)
    assert (source.page_size, source.query, source.logsource) == (5000, None, None)
    assert found.store == "cluster"
    assert found.cluster is not None
    assert found.cluster.hosts == ("https://es:9200",)
    assert found.cluster.verify


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("all", "all"),
        ("now", "now"),
        ("7d", timedelta(days=7)),
        ("90", timedelta(seconds=90)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31 08:00:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ('"2026-01-31T10:00:00+02:00"', datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_a_start_is_a_word_a_duration_or_a_time(
    tmp_path: Path, written: str, start: object
) -> None:
    text = CLUSTER + f"sources:\n  - {{type: search, name: a, index: a, start: {written}}}\n"
    source = loaded(tmp_path, text).settings.sources[0]
    assert isinstance(source, SearchSource)
    assert source.start == start


def test_a_cluster_needs_no_source_and_gets_no_inbox(tmp_path: Path) -> None:
    assert loaded(tmp_path, CLUSTER).settings.sources == ()


def test_sqlite_may_hold_the_alerts_of_a_clusters_events(tmp_path: Path) -> None:
    found = loaded(tmp_path, CLUSTER + "output: {store: sqlite}\n")
    assert found.settings.store == "sqlite"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings: Any = loaded(tmp_path).settings
    with pytest.raises(ValidationError):
        settings.log.level = "debug"


def test_settings_built_without_a_file_are_checked_too() -> None:
    source = {"type": "search", "name": "a", "index": "a"}
    with pytest.raises(ValidationError, match="a search source without a cluster"):
        Settings.model_validate({"sources": [source]})


class TestSecrets:
    """Where passwords and API keys come from."""

    def test_a_password_file_gives_the_password_without_its_line_end(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text(" pass word \n")
        text = CLUSTER + "  username: u\n  password_file: secret\n"
        found = loaded(tmp_path, text)
        assert found.settings.cluster is not None
        assert found.settings.cluster.password is not None
        assert found.settings.cluster.password.get_secret_value() == " pass word "
        file = tmp_path / "vedette.yml"
        assert found.origins["cluster.password"] == f"secret file secret ({file}:4)"
        assert found.origins["cluster.password_file"] == f"{file}:4"

    @pytest.mark.parametrize(
        ("in_file", "variable"),
        [
            ("password: file", "VEDETTE_CLUSTER__PASSWORD_FILE"),
            ("password_file: absent", "VEDETTE_CLUSTER__PASSWORD"),
        ],
    )
    def test_the_environments_secret_covers_either_form_of_the_files(
        self, tmp_path: Path, in_file: str, variable: str
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_text("environment")
        value = str(secret) if variable.endswith("_FILE") else "environment"
        text = CLUSTER + f"  username: u\n  {in_file}\n"
        cluster = loaded(tmp_path, text, **{variable: value}).settings.cluster
        assert cluster is not None
        assert cluster.password is not None
        assert cluster.password.get_secret_value() == "environment"

    def test_a_number_is_a_fine_password_in_the_environment(self, tmp_path: Path) -> None:
        text = CLUSTER + "  username: u\n"
        cluster = loaded(tmp_path, text, VEDETTE_CLUSTER__PASSWORD="12345").settings.cluster
        assert cluster is not None
        assert cluster.password is not None
        assert cluster.password.get_secret_value() == "12345"

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"\n", "the file is empty"),
            (b"\xff\xfe", "the file is not UTF-8 text"),
            (b"x" * 70_000, "the file is too large to be a secret"),
        ],
    )
    def test_a_useless_secret_file_is_told(self, tmp_path: Path, raw: bytes, reason: str) -> None:
        (tmp_path / "secret").write_bytes(raw)
        with pytest.raises(SettingsErrors, match=f"api_key_file: .*: {reason}$"):
            loaded(tmp_path, CLUSTER + "  api_key_file: secret\n")

    def test_secrets_are_in_no_text_form_of_the_settings(self, tmp_path: Path) -> None:
        found = loaded(tmp_path, CLUSTER + "  username: u\n  password: hunter2\n")
        assert "hunter2" not in f"{found!r} {found.settings.model_dump_json()}"


class TestFind:
    """Which file is the configuration."""

    def test_the_one_named_wins_over_the_variable(self) -> None:
        path = Path("a.yml")
        assert find(path, {"VEDETTE_CONFIG": "b.yml"}, Path()) == path

    def test_the_variable_wins_over_the_folders_own(self, tmp_path: Path) -> None:
        (tmp_path / "vedette.yml").touch()
        assert find(None, {"VEDETTE_CONFIG": "b.yml"}, tmp_path) == Path("b.yml")

    def test_the_folders_own_is_taken_only_where_it_is(self, tmp_path: Path) -> None:
        assert find(None, {}, tmp_path) is None
        (tmp_path / "vedette.yml").touch()
        assert find(None, {}, tmp_path) == tmp_path / "vedette.yml"
