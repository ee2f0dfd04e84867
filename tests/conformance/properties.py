"""The fast evaluator and the reference, asked about generated rules, pipelines and events."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TEST = "tests/engine/match/test_agreement.py"
NAME = "test_fast_and_reference_agree_whatever_the_rules_pipelines_and_events"
ROOT = Path(__file__).resolve().parents[2]


def check(examples: int) -> tuple[int, str]:
    """How many examples Hypothesis says it tried and found true, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--timeout=0", "--hypothesis-show-statistics",
         f"{TEST}::{NAME}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"VEDETTE_TEST_EXAMPLES": str(examples)},
    )  # fmt: skip
    passed = re.findall(r"(\d+) passing, 0 failing", done.stdout)
    return (sum(map(int, passed)) if done.returncode == 0 else 0), done.stdout
