"""docs/tuning.md: its examples load and do what it says, and its figures are the code's."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from connectors.search.names import ACTIONS
from connectors.search.template import actions_template
from engine.load import load_rules
from engine.tune.action import KINDS
from engine.tune.document import tuning_in
from engine.tune.lists import MAX_BYTES
from engine.tune.periods import MAX_PERIODS
from engine.tune.tuner import KEPT
from engine.tune.windows import MAX_WINDOWS
from tests.docs.pages import page, rows
from tests.engine.helpers import rule
from vedette.rule_tests import run_exception_tests
from vedette.settings.sections import Tuning

PAGE = page("docs/tuning.md")
TEXT = " ".join(PAGE.text.split())
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE.text, re.MULTILINE | re.DOTALL)
WINDOWS = {"product": "windows", "category": "process_creation"}


def test_the_exception_of_the_page_loads_and_its_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "exceptions.yml").write_text(BLOCKS[0], encoding="utf-8")
    (tmp_path / "backup.txt").write_text("BK01\n", encoding="utf-8")
    told = rule("Told", logsource=WINDOWS, tags=["attack.t1490"])
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    rules = load_rules([tmp_path])
    assert (rules.refused, rules.warnings) == ([], [])
    results = list(run_exception_tests(rules))
    assert [result.failure for result in results] == [None, None]


def test_the_tuning_file_of_the_page_loads() -> None:
    tuning = tuning_in(BLOCKS[1].encode(), "tuning.yml")
    assert tuning.suppress
    assert tuning.overrides
    assert tuning.caps
    assert tuning.blocks


@pytest.mark.parametrize(
    "said",
    [
        f"over {MAX_BYTES >> 20} MiB is refused",
        f"At most {MAX_WINDOWS:,} windows",
        f"at most {MAX_PERIODS:,} of a source",
        f"{Tuning().cap:,} an hour",
        f"`{ACTIONS}NAMESPACE`",
    ],
)
def test_a_figure_is_the_codes_own(said: str) -> None:
    assert said in TEXT


def test_the_days_that_periods_are_counted_on_are_those_of_the_page() -> None:
    assert timedelta(days=7) == KEPT
    assert Tuning().cap_period == timedelta(hours=1)
    assert "seven days after their end" in TEXT


VERDICTS = {"verdict", "reason", "what", "entity"}
"""Fields that verdicts alone have: docs/feedback.md."""


def test_the_fields_of_an_action_are_those_of_the_mapping() -> None:
    told = {
        name.partition(".")[0]
        for row in rows(PAGE.section("What was held back"))
        for name in re.findall(r"`([@\w.]+)`", row[0])
    }
    properties = actions_template("x")["template"]["mappings"]["properties"]
    assert told == properties.keys() - {"id", *VERDICTS}
    assert all(f"`{kind}`" in TEXT for kind in KINDS)
