"""What every hunt of the project is held to: form, its tests, and silence on an ordinary day."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from engine.hunt.load import load_hunts
from engine.hunt.model import Hunt, Span
from engine.hunt.run import run
from engine.rule_files import rule_files
from mitre.catalog import Catalog
from tests.engine.helpers import fail_on_problem
from vedette.demo.day import HOURS, START, generate_labelled
from vedette.hunt_check import findings
from vedette.hunt_tests import run_tests
from vedette.hunts import OWN_HUNTS, over_files

LOADED = load_hunts([OWN_HUNTS])
EACH = pytest.mark.parametrize(
    "hunt", LOADED.hunts, ids=[Path(h.rule.file).stem for h in LOADED.hunts]
)
NEEDS_MODELS = {"scores_of_a_host_stay_high"}
"""Hunts over what no demo has yet."""


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ordinary events of the demo's day, without the intrusion."""
    import orjson

    file = tmp_path_factory.mktemp("ordinary") / "events.ndjson"
    day = (event for event, truth in generate_labelled(ordinary=4000) if truth is None)
    file.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in day))
    return file


def test_all_hunts_load_and_there_are_a_dozen() -> None:
    assert [str(error) for error in LOADED.refused] == []
    assert len(LOADED) >= 12


@EACH
def test_form(hunt: Hunt) -> None:
    rule = hunt.rule
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+\.yml", Path(rule.file).name)
    assert (rule.status, rule.author, rule.license) == ("test", "Vedette", "Apache-2.0")
    assert len(rule.description or "") > 60
    assert rule.level in ("low", "medium", "high", "critical")
    assert rule.tags
    assert hunt.index
    assert hunt.schedule
    assert list(findings(hunt, Catalog.load())) == []


@EACH
def test_the_tests_inside_pass(hunt: Hunt) -> None:
    results = list(run_tests(hunt))
    assert {result.name: result.failure for result in results if result.failure} == {}
    assert len(results) >= 2


@EACH
def test_an_ordinary_day_is_silent(hunt: Hunt, ordinary: Path) -> None:
    if Path(hunt.rule.file).stem in NEEDS_MODELS:
        return
    found = over_files(hunt, [ordinary], fail_on_problem)
    end = START + timedelta(hours=HOURS)
    whole, later = Span.of(START, end), Span.of(START.replace(hour=11), end)
    over = later if hunt.type.needs_before or hunt.type.name in ("spike", "flatline") else whole
    assert [f.reason for f in run(hunt, over, found.reader, {}, fail_on_problem).findings] == []


def test_the_intrusion_of_the_demo_is_met_by_hunts(tmp_path: Path) -> None:
    from vedette.demo import write

    file = tmp_path / "events.ndjson"
    write(file)
    met = set()
    for hunt in LOADED.hunts:
        if Path(hunt.rule.file).stem in NEEDS_MODELS or hunt.type.needs_before:
            continue
        reader = over_files(hunt, [file], fail_on_problem).reader
        whole = Span.of(START, START + timedelta(hours=HOURS))
        if run(hunt, whole, reader, {}, fail_on_problem).findings:
            met.add(Path(hunt.rule.file).stem)
    assert met >= {
        "client_sends_out_very_much",
        "cloud_rules_over_the_last_week",
        "public_access_block_of_a_bucket_removed",
        "service_installed_then_log_cleared",
    }


def test_hunts_are_no_rules() -> None:
    files = [file for file, _ in rule_files([OWN_HUNTS.parent])]
    assert files
    assert not [file for file in files if "hunts" in file.parts[-2:]]
