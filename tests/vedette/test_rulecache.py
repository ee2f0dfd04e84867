"""Commands find compiled rules again, and say in one line why they do not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.rule import RuleSet, Selection
from tests.conftest import ROOT
from tests.engine.codec.compare import same
from tests.vedette.cli.command import BROKEN, vedette
from vedette import rulesets
from vedette.rulecache import cache_folder, wanted

PIPELINE = "name: p\npriority: 1\ntransformations: [{type: field_name_prefix, prefix: 'x.'}]\n"


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, empty, beside `rules/` with two rules and a broken one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    (folder / "rules" / "broken.yml").write_text(BROKEN)
    return folder / "cache" / "vedette" / "rules"


def load(*pipelines: str, cache: bool = True) -> tuple[RuleSet, list[str]]:
    """The rules in `rules/`, and what is said of the cache."""
    told: list[str] = []
    files = [Path(name) for name in pipelines]
    found = rulesets.load([Path("rules")], Selection(), files, told.append, cache=cache)
    same(found, rulesets.load([Path("rules")], Selection(), files, cache=False))
    return found, told


def only(home: Path) -> Path:
    (file,) = home.iterdir()
    return file


def test_the_second_command_finds_what_the_first_compiled(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    written = only(home).stat().st_mtime_ns
    found, told = load()
    assert (len(found), told) == (2, [])
    assert only(home).stat().st_mtime_ns == written

    def fail(*_: object) -> None:
        raise AssertionError("a rule was compiled")

    monkeypatch.setattr("engine.compile.parsed", fail)
    assert vedette("rules", "list", "-r", "rules").code == 2
    with pytest.raises(AssertionError, match="was compiled"):
        rulesets.load([Path("rules")], Selection(), cache=False)


SLOW = ("sigma", "pyparsing", "yaml", "elasticsearch")


def test_a_command_that_finds_all_rules_compiled_imports_nothing_slow(home: Path) -> None:
    script = (
        "import sys\nfrom vedette.cli.main import entry\n"
        "try:\n    entry(['hunt', 'events.ndjson', '-r', 'rules', '-o', 'ndjson'])\n"
        f"except SystemExit:\n    print([m for m in {SLOW} if m in sys.modules], file=sys.stderr)\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert "'sigma'" in runs[0].stderr.splitlines()[-1]
    assert runs[1].stderr.splitlines()[-1] == "[]"
    alerts = [len(run.stdout.splitlines()) for run in runs]
    assert alerts == [4, 4]


def test_a_pipeline_that_changed_makes_new_rules(home: Path) -> None:
    Path("p.yml").write_text(PIPELINE)
    first, _ = load("p.yml")
    Path("p.yml").write_text(PIPELINE.replace("x.", "y."))
    second, _ = load("p.yml")
    assert "'x.Image'" in repr(first.rules)
    assert "'y.Image'" in repr(second.rules)


def test_a_pipeline_that_is_none_is_refused_with_a_cache_and_without(home: Path) -> None:
    load()
    Path("p.yml").write_text("- 1\n")
    for cache in (True, False):
        with pytest.raises(InputError, match="not a processing pipeline"):
            rulesets.load([Path("rules")], Selection(), [Path("p.yml")], cache=cache)


def test_a_pipeline_that_may_read_elsewhere_is_not_cached(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("p.yml").write_text(PIPELINE)
    monkeypatch.setenv("PYSIGMA_ALLOW_EXTERNAL_SOURCES", "1")
    _, told = load("p.yml")
    assert len(told) == 1
    assert "lets pipelines read other sources" in told[0]
    assert not home.exists()


@pytest.mark.parametrize("cut", [0, 1, 50, 200, -1])
def test_a_damaged_cache_is_told_and_made_anew(home: Path, cut: int) -> None:
    load()
    file = only(home)
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    _, told = load()
    assert len(told) == 1
    assert told[0].startswith(f"rule cache: {file}: is not used, and made anew: ")
    assert file.read_bytes() == whole
    assert load()[1] == []


def test_a_flipped_bit_anywhere_is_told_or_harmless(home: Path) -> None:
    load()
    file = only(home)
    whole = file.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        file.write_bytes(damaged)
        _, told = load()
        assert told or place < whole.index(b"\n")  # another version's is no damage
        assert file.read_bytes() == whole


def test_a_folder_that_is_open_to_others_is_told_once_and_not_used(home: Path) -> None:
    load()
    home.chmod(0o755)
    assert load()[1] == [
        f"rule cache: {home}: is not used: the folder is open to other users (mode 755); "
        "chmod go= makes it safe"
    ]


def test_a_home_that_cannot_be_written_breaks_nothing(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "file"))
    found, told = load()
    assert len(found) == 2
    assert len(told) == 1
    assert "is not used" in told[0]
    answer = vedette("hunt", "events.ndjson", "-r", "rules", "-o", "ndjson")
    assert (answer.code, len(answer.alerts)) == (0, 4)
    assert sum(line.startswith("warning: rule cache") for line in answer.err.splitlines()) == 1


def test_it_is_left_alone_on_demand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cache=False)
    assert vedette("rules", "list", "-r", "rules", "--no-cache").code == 2
    monkeypatch.setenv("VEDETTE_RULES__CACHE", "off")
    load()
    assert not home.exists()
    monkeypatch.setenv("VEDETTE_RULES__CACHE", "maybe")
    answer = vedette("rules", "list", "-r", "rules")
    assert answer.code == 3
    assert "VEDETTE_RULES__CACHE: is 'maybe'; expected true or false" in answer.err


def test_the_setting_switches_it_off_for_a_run(home: Path, folder: Path) -> None:
    config = folder / "v.yml"
    config.write_text(
        "rules: {paths: [rules], cache: false}\n"
        "sources: [{type: folder, name: a, path: inbox}]\noutput: {sqlite: a.sqlite}\n"
    )
    assert vedette("run", "-c", config, "--until-idle").code == 0
    assert not home.exists()
    config.write_text(config.read_text().replace("cache: false", "cache: true"))
    assert vedette("run", "-c", config, "--until-idle").code == 0
    assert only(home).stat().st_size > 0


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/vedette/rules"),
        ({"XDG_CACHE_HOME": "cache"}, "~/.cache/vedette/rules"),
        ({}, "~/.cache/vedette/rules"),
    ],
)
def test_it_is_where_the_xdg_specification_says(environ: dict[str, str], place: str) -> None:
    assert cache_folder(environ) == Path(place).expanduser()


def test_the_variable_takes_what_the_setting_takes() -> None:
    assert wanted({})
    assert wanted({"VEDETTE_RULES__CACHE": "True"})
    assert not wanted({"VEDETTE_RULES__CACHE": "no"})


def test_without_a_home_folder_it_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert load()[1] == ["rule cache: is not used: there is no home folder to keep it in"]


def test_two_commands_at_once_find_the_same(home: Path) -> None:
    command = [sys.executable, "-m", "vedette", "rules", "list", "-r", "rules"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):  # with an empty cache, then with a full one
        running = [
            subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(3)
        ]
        answers = {process.communicate() for process in running}
        assert len(answers) == 1
        (answer,) = answers
        assert "2 rules loaded from 3 files, 1 refused" in answer[1]
    assert only(home).stat().st_size > 0
