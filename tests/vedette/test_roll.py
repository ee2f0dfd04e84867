"""Hunts that come, change and go while a run goes on, and the tuning of their alerts."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import RuleError
from engine.hunt.model import Hunt
from engine.hunt.shelf import HuntShelf
from engine.run import MemoryState
from engine.tune.entries import Tuning
from mitre.catalog import Catalog
from tests.engine.helpers import rule, write_rules
from tests.engine.hunt.helpers import T0, document, reader
from tests.engine.hunt.test_shelf import OTHER
from tests.vedette.test_hunting import KEYS, Sink
from vedette.hunting import HuntUnit, Work
from vedette.hunts import Hunter
from vedette.libraries import Libraries
from vedette.roll import Roll, rules_of
from vedette.rulesets import Tuned

LATER = time.time() + 1000
"""When no file was changed just before."""


class Live:
    """A folder of hunts and one of rules that are looked at on a clock of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.hunts, self.rules, self.now = folder / "hunts", folder / "rules", 0.0
        self.tunings: list[Tuning | None] = []
        self.impossible: set[str] = set()
        self.hunts.mkdir()
        self.rules.mkdir()
        self.put("1.yml", document(**KEYS))
        write_rules(self.rules, rule("One"))
        self.tuning = folder / "tuning.txt"
        self.tuning.write_text("suppress: [{name: first, for: 1h}]", encoding="utf-8")
        shelf, self.libraries = HuntShelf([self.hunts]), Libraries()
        shelf.refresh()
        self.libraries.besides[:] = rules_of(shelf.hunts.hunts)
        self.libraries.open(
            "x", (self.rules,), (), lambda _: None, cache=False, tuning=Tuned(files=(self.tuning,))
        )
        hunter = Hunter(Sink(), lambda _: None, lambda: T0, Catalog.load())

        def work(hunt: Hunt, tuning: Tuning | None) -> Work:
            if hunt.rule.title in self.impossible:
                raise RuleError("cannot be run", file=hunt.rule.file)
            self.tunings.append(tuning)
            return Work.of(hunt, reader([]))

        self.roll = Roll(
            shelf, self.libraries, lambda hunt: hunt.enabled, work,
            lambda work: HuntUnit(work, hunter, MemoryState()),
            interval=1.0, clock=lambda: self.now, wall=lambda: LATER,
        )  # fmt: skip

    def put(self, name: str, *documents: Any) -> None:
        text = yaml.safe_dump_all(documents, sort_keys=False)
        (self.hunts / name).write_text(text, encoding="utf-8")

    def look(self, after: float = 1.0) -> list[str]:
        self.now += after
        self.roll.look()
        return sorted(unit.hunt.rule.title for unit in self.roll.units)


@pytest.fixture
def live(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Live:
    caplog.set_level(logging.INFO, "vedette.hunts")
    found = Live(tmp_path)
    assert found.look() == ["A hunt"]
    return found


def test_new_hunts_begin_changed_ones_go_on_and_others_end(live: Live) -> None:
    (unit,) = live.roll.units
    live.put("2.yml", document(**KEYS, title="Two", id=OTHER))
    assert live.look() == ["A hunt", "Two"]
    live.put("1.yml", document(**{**KEYS, "title": "Changed"}))
    assert live.look() == ["Changed", "Two"]
    assert unit in live.roll.units, "it is the same piece of work, under the same lease"
    assert unit.due() == T0
    live.put("2.yml", document(**KEYS, title="Two", id=OTHER, enabled=False))
    assert live.look() == ["Changed"]
    (live.hunts / "1.yml").unlink()
    assert live.look() == []


def test_it_looks_no_more_often_than_it_should_unless_it_is_asked(live: Live) -> None:
    live.put("2.yml", document(**KEYS, title="Two", id=OTHER))
    assert live.look(0.5) == ["A hunt"]
    live.roll.ask()
    assert live.look(0.1) == ["A hunt", "Two"]


def test_a_hunt_that_is_wrong_is_named_once_and_goes_on_as_it_was(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    before = live.roll.units[0].work
    live.put("1.yml", document(**{**KEYS, "at_least": "many"}))
    live.put("2.yml", document(**KEYS, title="Two", id=OTHER))
    assert live.look() == ["A hunt", "Two"]
    assert live.roll.units[0].work is before
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "1.yml" in errors[0]
    assert f"stays as it was: {live.hunts}/1.yml: A hunt" in caplog.messages
    caplog.clear()
    live.put("2.yml", document(**KEYS, title="Two, changed", id=OTHER))
    assert live.look() == ["A hunt", "Two, changed"]
    assert [r for r in caplog.records if r.levelno == logging.ERROR] == []


def test_a_hunt_that_cannot_be_run_leaves_the_rest_and_what_it_was(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    live.impossible = {"Changed", "Two"}
    live.put("1.yml", document(**{**KEYS, "title": "Changed"}))
    live.put("2.yml", document(**KEYS, title="Two", id=OTHER))
    assert live.look() == ["A hunt"]
    assert caplog.text.count("cannot be run") == 2


def test_a_folder_that_is_gone_changes_nothing_and_is_told_once(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    live.hunts.rename(live.hunts.with_name("away"))
    assert live.look() == live.look() == ["A hunt"]
    assert caplog.text.count("hunts cannot be loaded again") == 1
    live.hunts.with_name("away").rename(live.hunts)
    live.put("1.yml", document(**{**KEYS, "title": "Back"}))
    assert live.look() == ["Back"]


def test_changed_tuning_reaches_every_hunt(live: Live) -> None:
    live.tunings.clear()
    assert live.look() == ["A hunt"]
    assert live.tunings == []
    live.tuning.write_text("suppress: [{name: second, for: 1h}]", encoding="utf-8")
    live.look()
    (tuning,) = live.tunings
    assert tuning
    assert [each.name for each in tuning.suppress] == ["second"]


def test_an_exception_among_rules_may_be_for_a_hunt(live: Live) -> None:
    live.tunings.clear()
    write_rules(live.rules, {
        "title": "Known", "logsource": {"category": "hunt"},
        "filter": {"rules": ["A hunt"], "k": {"u": "a"}, "condition": "not k"},
        "vedette": {"exception": {}},
    }, name="known.yml")  # fmt: skip
    live.look()
    (tuning,) = live.tunings
    assert tuning
    assert [each.title for each in tuning.exceptions] == ["Known"]
    assert live.roll.units[0].hunt.rule in live.libraries.besides
