"""The way imports go, kept by import-linter's contract in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vedette import ROOT


def test_imports_go_one_way() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert answer.returncode == 0, answer.stdout
    assert "1 kept, 0 broken" in answer.stdout
