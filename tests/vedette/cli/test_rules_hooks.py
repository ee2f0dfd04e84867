"""The hooks for pre-commit, and what the guide says of checks."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

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
