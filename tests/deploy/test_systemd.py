"""The unit file is one that systemd takes, and runs a command that exists."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from vedette.cli.main import COMMANDS

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "vedette.service"


def start_line() -> list[str]:
    line = next(x for x in UNIT.read_text().splitlines() if x.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart="))


def test_the_unit_starts_a_command_with_a_configuration() -> None:
    program, command, *options = start_line()
    assert Path(program).name == "vedette"
    assert command in COMMANDS
    assert options[0] == "-c"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    copy = tmp_path / "vedette.service"
    copy.write_text(UNIT.read_text().replace(start_line()[0], "/bin/true"))  # need not be installed
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    assert "vedette.service" not in done.stderr, done.stderr
    assert done.returncode == 0
