"""The wheel: what is in it, and that it works away from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from engine.match.native import NATIVE
from vedette import ROOT, __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [
    *PROJECT["dependencies"],
    *chain.from_iterable(PROJECT["optional-dependencies"].values()),
]
OTHERS = [each for each in REQUIREMENTS if not each.startswith("vedette[")]
"""Without our own extras, which an extra may name."""
PACKAGES = ("engine", "connectors", "mitre", "models", "vedette", "rules", "sigma")


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    answer = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=300, **options
    )  # type: ignore[call-overload]
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    return answer


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for needed in ("build", "hatchling"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="session")
def contents(wheel: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(wheel)


def test_its_name_says_for_what_it_was_built(wheel: Path, contents: zipfile.ZipFile) -> None:
    native = "engine/match/reader.abi3.so" in contents.namelist()
    for name in (
        "engine/match/finder",
        "engine/match/numbering",
        "models/template/masker",
        "connectors/files/splitter",
    ):
        assert native == (f"{name}.abi3.so" in contents.namelist())
    assert native == NATIVE  # as in this environment, which the same compiler made
    built = "cp311-abi3-" if native else "py3-none-any.whl"
    assert wheel.name.startswith(f"vedette-{__version__}-{built}")


def test_it_can_be_built_without_a_compiler(tmp_path: Path) -> None:
    if find_spec("hatchling") is None or find_spec("build") is None:
        pytest.skip("what builds it is not installed")
    nowhere = {**os.environ, "PATH": str(tmp_path)}
    words = ("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT)
    answer = run(sys.executable, *words, env=nowhere)
    (built,) = tmp_path.glob("*.whl")
    assert built.name == f"vedette-{__version__}-py3-none-any.whl"
    assert "without what is written in C: " in answer.stdout + answer.stderr
    assert not [name for name in zipfile.ZipFile(built).namelist() if name.endswith(".so")]


def test_it_holds_every_tracked_file_of_the_packages(contents: zipfile.ZipFile) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = set(contents.namelist())
    tracked = run("git", "-C", ROOT, "ls-files", *PACKAGES).stdout.splitlines()
    there = {name for name in tracked if (ROOT / name).is_file()}
    assert len(there) > 200
    assert there - names == set()


@pytest.mark.parametrize(
    "name",
    [
        "engine/py.typed",
        "mitre/py.typed",
        "vedette/py.typed",
        "mitre/attack.json",
        "connectors/search/alerts-mapping.json",
        "vedette/settings/template.yml",
        "vedette/report/templates/report.html.j2",
        "vedette/report/templates/report.css",
        "vedette/report/templates/report.js",
        "rules/schema.json",
        f"vedette-{__version__}.dist-info/licenses/LICENSE",
        f"vedette-{__version__}.dist-info/licenses/NOTICE",
    ],
)
def test_it_holds_what_is_no_code(contents: zipfile.ZipFile, name: str) -> None:
    assert contents.getinfo(name).file_size > 0 or name.endswith("py.typed")


def test_it_holds_the_rules_and_nothing_of_the_workshop(contents: zipfile.ZipFile) -> None:
    names = contents.namelist()
    assert sum(name.startswith("rules/") and name.endswith(".yml") for name in names) >= 30
    top = {name.partition("/")[0] for name in names}
    assert top == {*PACKAGES, f"vedette-{__version__}.dist-info"}
    assert not [name for name in names if name.endswith(".pyc") or "/test_" in name]


def test_its_description_names_command_and_dependencies(contents: zipfile.ZipFile) -> None:
    folder = f"vedette-{__version__}.dist-info"
    text = contents.read(f"{folder}/METADATA").decode()
    for requirement in PROJECT["dependencies"]:
        assert f"Requires-Dist: {requirement.split('>=')[0]}" in text
    assert "Requires-Python: >=3.11" in text
    assert (
        "vedette = vedette.cli.main:entry" in contents.read(f"{folder}/entry_points.txt").decode()
    )


@pytest.mark.parametrize("requirement", OTHERS)
def test_each_dependency_has_a_lower_bound_that_is_met(requirement: str) -> None:
    parsed = Requirement(requirement)
    bounds = [part for part in parsed.specifier if part.operator in {">=", "==", "~="}]
    assert bounds, f"{requirement} has no lower bound"
    try:
        installed = Version(version(parsed.name))
    except PackageNotFoundError:
        assert requirement not in PROJECT["dependencies"]
        pytest.skip(f"{parsed.name} is not installed")
    assert parsed.specifier.contains(installed, prereleases=True)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a fresh environment with the wheel; what it needs is borrowed."""
    if find_spec("pip") is None:
        pytest.skip("pip is not installed")
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    offline = ("--no-deps", "--no-index", "--disable-pip-version-check", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", *offline, wheel)
    (site,) = (home / "lib").glob("python*/site-packages")
    # packages of this environment, but not what its own .pth files add (the checkout)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def clean() -> dict[str, str]:
    return {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VEDETTE"))
    }


def test_installed_it_works_in_any_folder(wheel: Path, installed: Path, tmp_path: Path) -> None:
    command, environment = installed / "vedette", clean()
    python = "import vedette, engine, mitre, connectors; print(vedette.__file__, engine.__file__)"
    where = run(installed / "python", "-c", python, cwd=tmp_path, env=environment).stdout
    assert str(ROOT) not in where
    assert where.count(str(installed.parent)) == 2
    told = run(command, "--version", cwd=tmp_path, env=environment)
    native = "yes" if "-abi3-" in wheel.name else "no"
    assert told.stdout.startswith(f"vedette {__version__} (native reader: {native}, Hyperscan: ")
    tested = run(command, "rules", "test", cwd=tmp_path, env=environment)
    assert " 0 failed, 0 rules refused" in tested.stdout
    schema = run(command, "config", "schema", cwd=tmp_path, env=environment)
    assert json.loads(schema.stdout)["type"] == "object"
    demo = run(command, "demo", cwd=tmp_path, env=environment)
    assert "Alerts by ATT&CK tactic" in demo.stdout
    report = tmp_path / "out" / "demo-report.html"
    assert f"Report: {report}" in demo.stderr
    assert "<style" in report.read_text()


def test_installed_it_writes_and_checks_a_configuration(installed: Path, tmp_path: Path) -> None:
    for words in (("init",), ("config", "check"), ("run", "--until-idle")):
        (tmp_path / "inbox").mkdir(exist_ok=True)
        home = {**clean(), "XDG_STATE_HOME": str(tmp_path / "state")}
        answer = run(installed / "vedette", *words, cwd=tmp_path, env=home)
    assert "nothing new is left: 0 events" in answer.stderr
    assert (tmp_path / "state" / "vedette" / "vedette.sqlite").is_file()


RULE = """\
title: Shadow copies deleted
logsource: {product: windows, category: process_creation}
detection:
  s: {Image|endswith: '\\vssadmin.exe', CommandLine|contains: delete}
  condition: s
"""


def test_installed_it_is_found_by_sigma_cli(installed: Path, tmp_path: Path) -> None:
    """The namespace `sigma` belongs to pySigma; the wheel adds a target and a pipeline to it."""

    def sigma(*words: str | Path) -> str:
        command = (installed / "python", "-c", "from sigma.cli.main import main; main()", *words)
        return run(*command, cwd=tmp_path, env=clean()).stdout

    # the columns are as wide as the names of what else is installed
    assert re.search(r"\| vedette +\| Vedette: what the rule asks", sigma("list", "targets"))
    assert "| vedette_labels " in sigma("list", "pipelines")
    (tmp_path / "rule.yml").write_text(RULE)
    converted = sigma("convert", "-t", "vedette", "rule.yml")
    assert "of events by sysmon:" in converted
    assert "Image ends with '\\\\vssadmin.exe'" in converted
    labelled = sigma("convert", "-t", "vedette", "-p", "vedette_labels", "rule.yml")
    assert labelled.count("logsource.category = 'process_creation'") == 4


def test_nothing_makes_pysigmas_namespace_a_package(contents: zipfile.ZipFile) -> None:
    """An `__init__.py` there would hide pySigma itself."""
    ours = {name for name in contents.namelist() if name.startswith("sigma/")}
    assert ours == {"sigma/backends/vedette/__init__.py", "sigma/pipelines/vedette/__init__.py"}
