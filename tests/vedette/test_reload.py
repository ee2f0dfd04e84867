"""When changed rules are looked for, and what is said of them."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from engine.library import Library
from engine.rule import RuleSet, Selection
from tests.engine.helpers import rule, write_rules
from vedette.footprint import footprint
from vedette.reload import Reload

LATER = time.time() + 1000
"""When no file was changed just before."""


class Live:
    """A folder of rules that is reloaded on a clock of the test's own."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder, self.now = folder, 0.0
        self.put("1.yml", rule("One"))
        self.put("2.yml", rule("Two"))
        self.library = Library([folder])
        self.adopted: list[RuleSet] = []
        how = {"interval": 1.0, **how}
        self.reload = Reload(
            self.library, [folder], Selection(), self.adopted.append,
            live=self.library.load(), clock=lambda: self.now, wall=lambda: LATER, **how,
        )  # fmt: skip
        self.look()

    def put(self, name: str, *documents: Any) -> None:
        write_rules(self.folder, *documents, name=name)

    def look(self, after: float = 1.0) -> list[list[str]]:
        """The titles of each rule set that was adopted at a look so many seconds later."""
        self.now += after
        self.reload.look()
        found = [sorted(rule.title for rule in rules.rules) for rules in self.adopted]
        self.adopted.clear()
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path / "rules"


@pytest.fixture
def live(folder: Path, caplog: pytest.LogCaptureFixture) -> Live:
    caplog.set_level(logging.INFO, "vedette.run")
    return Live(folder)


def test_a_change_is_adopted_at_the_next_look(live: Live) -> None:
    assert live.look() == []
    live.put("2.yml", rule("Two, changed"))
    assert live.look() == [["One", "Two, changed"]]
    assert live.look() == []


@pytest.mark.parametrize(
    ("much_later", "changed", "reads"), [(True, False, 0), (False, False, 1), (True, True, 1)]
)
def test_what_is_as_it_was_before_it_was_loaded_is_not_read_at_the_first_look(
    folder: Path, much_later: bool, changed: bool, reads: int
) -> None:
    write_rules(folder, rule("One"), name="1.yml")
    # changed just now, it may change unseen
    before = footprint([folder], LATER if much_later else time.time())
    library = Library([folder])
    adopted: list[RuleSet] = []
    look = Reload(
        library, [folder], Selection(), adopted.append, interval=1.0, live=library.load(),
        clock=lambda: 0.0, wall=lambda: LATER, before=before,
    ).look  # fmt: skip
    if changed:
        write_rules(folder, rule("Two"), name="2.yml")
    read: list[bool] = []
    real = library.refresh
    library.refresh = lambda *, keep=False: bool(read.append(keep)) or real(keep=keep)  # type: ignore[method-assign]
    look()
    assert len(read) == reads
    assert [sorted(each.title for each in rules.rules) for rules in adopted] == (
        [["One", "Two"]] if changed else []
    )


def test_it_looks_no_more_often_than_it_should(live: Live) -> None:
    live.put("3.yml", rule("Three"))
    assert live.look(0.5) == []
    assert live.look(0.4) == []
    assert live.look(0.2) == [["One", "Three", "Two"]]


def test_it_looks_at_once_when_asked(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    live.put("3.yml", rule("Three"))
    live.reload.ask()
    assert live.look(0.0) == [["One", "Three", "Two"]]
    live.reload.ask()
    assert live.look(0.0) == []
    assert "nothing has changed" in caplog.messages[-1]


def test_switched_off_it_looks_only_when_asked(folder: Path) -> None:
    live = Live(folder, interval=None)
    live.put("3.yml", rule("Three"))
    assert live.look(3600) == []
    live.reload.ask()
    assert live.look(0.0) == [["One", "Three", "Two"]]


def test_a_file_that_was_not_touched_is_not_read(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> bool:
        raise AssertionError("the files were read")

    monkeypatch.setattr(live.library, "refresh", fail)
    assert live.look() == []
    live.put("3.yml", rule("Three"))
    with pytest.raises(AssertionError, match="were read"):
        live.look()


def test_files_that_changed_just_before_are_read_until_they_have_settled(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may be written twice within one tick of the clock that stamps it."""
    reads: list[float] = []
    real = live.library.refresh

    def refresh(*, keep: bool) -> bool:
        reads.append(live.now)
        return real(keep=keep)

    monkeypatch.setattr(live.library, "refresh", refresh)
    live.put("2.yml", rule("Two, changed"))
    changed = (live.folder / "2.yml").stat().st_ctime
    began = live.now
    monkeypatch.setattr(live.reload, "_wall", lambda: changed + live.now - began - 0.01)
    for _ in range(6):
        live.look()
    assert [now - began for now in reads] == [1, 2, 3]


def test_a_rule_that_is_wrong_is_named_once_and_stays(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    live.put("2.yml", rule("Two", level="hihg"))
    live.put("3.yml", rule("Three"))
    assert live.look() == [["One", "Three", "Two"]]
    errors = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "2.yml" in errors[0]
    assert "did you mean 'high'?" in errors[0]
    assert f"stays as it was: {live.folder}/2.yml: Two" in caplog.messages
    assert caplog.messages[-1] == (
        "rules: 3 live from now on, 1 of them as they were before, 1 refused"
    )
    caplog.clear()
    live.put("3.yml", rule("Three, changed"))
    assert live.look() == [["One", "Three, changed", "Two"]]
    assert [r for r in caplog.records if r.levelno == logging.ERROR] == []
    live.put("2.yml", rule("Two", level="high"))
    live.look()
    assert caplog.messages[-1] == "rules: 3 live from now on"


def test_under_strict_nothing_changes_while_a_rule_is_wrong(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = Live(folder, strict=True)
    live.put("2.yml", rule("Two", level="hihg"))
    live.put("3.yml", rule("Three"))
    assert live.look() == []
    assert "rules.strict: all rules stay as they were" in caplog.text
    live.put("2.yml", rule("Two, changed"))
    assert live.look() == [["One", "Three", "Two, changed"]]


def test_the_last_rules_stay_when_none_is_left(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("1.yml", "2.yml"):
        (live.folder / name).unlink()
    assert live.look() == []
    assert "no rule is left to run" in caplog.text
    live.put("3.yml", rule("Three"))
    assert live.look() == [["Three"]]


def test_a_folder_that_is_gone_is_told_once_and_comes_back(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    away = live.folder.with_name("away")
    live.folder.rename(away)
    assert live.look() == []
    assert live.look() == []
    assert caplog.text.count("rules cannot be loaded again, and stay as they were") == 1
    live.reload.ask()
    assert live.look(0.0) == []
    assert caplog.text.count("rules cannot be loaded again, and stay as they were") == 2
    away.rename(live.folder)
    assert live.look() == []
    live.put("3.yml", rule("Three"))
    assert live.look() == [["One", "Three", "Two"]]
    live.folder.rename(away)
    live.look()
    assert caplog.text.count("rules cannot be loaded again, and stay as they were") == 3


def test_lists_and_exceptions_that_change_are_adopted_too(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    exception = {
        "title": "Known",
        "logsource": {"product": "any"},
        "filter": {"rules": ["One"], "s": {"h|expand": "%hosts%"}, "condition": "not s"},
        "vedette": {"exception": {"lists": {"hosts": {"file": "hosts.txt"}}}},
    }
    hosts = live.folder / "hosts.txt"
    hosts.write_text("a\n", encoding="utf-8")
    live.put("known.yml", exception)
    live.now += 1
    live.reload.look()
    (rules,) = live.adopted
    assert rules.tuning
    assert len(rules.tuning.exceptions) == 1
    live.adopted.clear()
    assert live.look() == []
    hosts.write_text("a\nb\n", encoding="utf-8")
    assert live.look() == [["One", "Two"]]
    live.put("known.yml", {**exception, "filter": {**exception["filter"], "rules": ["Gone"]}})  # type: ignore[dict-item]
    assert live.look() == [["One", "Two"]]
    assert "applies to no rule that is loaded" in caplog.text
