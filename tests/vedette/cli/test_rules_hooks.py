"""The hooks for pre-commit, and what the guide says of checks."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.vedette.cli.command import WHOAMI, vedette

ROOT = Path(__file__).resolve().parents[3]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
GUIDE = (ROOT / "docs" / "rules.md").read_text("utf-8")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_is_a_command_that_takes_files(hook: dict[str, str], folder: Path) -> None:
    words = shlex.split(hook["entry"])
    assert words[0] == "vedette"
    (folder / "rules" / "broken.yml").write_text(WHOAMI.replace("endswith", "endswit"))
    good, bad = "rules/defender.yml", "rules/broken.yml"
    assert vedette(*words[1:], good, bad).code in (1, 2)
    assert vedette(*words[1:], good).code < 2


def test_the_guide_names_every_hook() -> None:
    for hook in HOOKS:
        assert f"- id: {hook['id']}" in GUIDE


def test_the_table_of_checks_in_the_guide_is_the_one_that_the_command_prints() -> None:
    table = vedette("rules", "check", "--list").out.strip()
    assert table in GUIDE
    count = re.search(r"^(\d+) checks, as", GUIDE, re.MULTILINE)
    assert count
    assert int(count[1]) == table.count("\n| `") >= 40


def test_the_guides_example_is_found_out_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-rules").mkdir()
    rule = tmp_path / "my-rules" / "shadow_copies_deleted.yml"
    (text,) = re.findall(r"```yaml\n(title: .*?)```", GUIDE, flags=re.DOTALL)
    rule.write_text(text)
    assert vedette("rules", "check", "my-rules/").out in GUIDE
    rule.write_text(text.replace("agnet", "agent").replace("Commandline", "CommandLine"))
    event = (
        '{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",'
        r' "Image": "C:\\Windows\\System32\\vssadmin.exe",'
        ' "CommandLine": "vssadmin delete shadow /all",'
        r' "ParentImage": "C:\\Windows\\System32\\cmd.exe"}'
    )
    assert vedette("rules", "explain", rule.relative_to(tmp_path), event).out in GUIDE
    other = '{"Channel": "Security", "EventID": 4624}'
    told = vedette("rules", "explain", rule.relative_to(tmp_path), other).out
    assert told.partition("  by the way 'labels'")[0] in GUIDE


def workflow() -> dict[Any, Any]:
    (text,) = re.findall(r"```yaml\n(name: rules\non:.*?)```", GUIDE, flags=re.DOTALL)
    found: dict[Any, Any] = yaml.safe_load(text)
    return found


def steps(folder: Path, rule: str) -> dict[str, int]:
    """The exit code of each of the workflow's own commands, run by a shell as CI runs them."""
    (folder / "my-rules").mkdir(exist_ok=True)
    (folder / "my-rules" / "rule.yml").write_text(rule)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        step["run"]: subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=folder, env=os.environ | {"PATH": path},
            capture_output=True, check=False, timeout=100,
        ).returncode
        for step in workflow()["jobs"]["rules"]["steps"]
        if step.get("run", "").startswith("vedette")
    }  # fmt: skip


def test_the_workflow_of_the_guide_passes_on_good_rules_and_writes_what_it_uploads(
    tmp_path: Path,
) -> None:
    good = (ROOT / "rules" / "windows" / "process_creation").glob("*.yml")
    codes = steps(tmp_path, next(iter(sorted(good))).read_text())
    assert list(codes.values()) == [0, 0]
    uploads = [step["with"] for step in workflow()["jobs"]["rules"]["steps"] if "with" in step]
    (sarif,) = (step["sarif_file"] for step in uploads if "sarif_file" in step)
    assert json.loads((tmp_path / sarif).read_text())["version"] == "2.1.0"
    (results,) = (step["path"] for step in uploads if "path" in step)
    assert ElementTree.parse(tmp_path / results).getroot().tag == "testsuites"


def test_the_workflow_of_the_guide_fails_on_a_broken_rule_and_still_writes(tmp_path: Path) -> None:
    codes = steps(tmp_path, WHOAMI.replace("endswith", "endswit"))
    assert 0 not in codes.values()
    assert (tmp_path / "findings.sarif").stat().st_size > 100


def test_the_workflow_of_the_guide_installs_this_project() -> None:
    commands = [step.get("run") for step in workflow()["jobs"]["rules"]["steps"]]
    name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]
    assert f"pip install {name}" in commands
