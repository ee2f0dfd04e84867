"""A rule that is wrong now stays as it was and is named; all others are as they are now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import InputError
from engine.library import Library
from engine.load import load_rules
from engine.match import expression
from engine.rule import RuleSet, Selection
from tests.engine.codec.compare import same
from tests.engine.helpers import rule, write_rules
from tests.engine.test_library import COUNT, FILTER, PIPELINE


class Live:
    """A folder of rules, and a library that looks at it again and again."""

    def __init__(self, folder: Path, *pipelines: ProcessingPipeline) -> None:
        self.folder, self.pipelines = folder, pipelines
        self.library = Library([folder], lambda: pipelines)

    def put(self, name: str, *documents: Any) -> None:
        write_rules(self.folder, *documents, name=name)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def look(self) -> RuleSet:
        self.library.refresh(keep=True)
        return self.library.select(Selection())

    def refused(self) -> list[str]:
        return [str(e).replace(f"{self.folder}/", "") for e in self.look().refused]

    def values(self) -> dict[str, str]:
        """What each live rule asks for, by title."""
        return {
            rule.title: " ".join(str(test) for test in expression.tests(rule.bindings[-1].body))
            for rule in self.look().rules
            if rule.bindings
        }

    def is_as_from_nothing(self) -> None:
        same(self.look(), load_rules([self.folder], pipelines=self.pipelines))


@pytest.fixture
def live(tmp_path: Path) -> Live:
    folder = tmp_path / "rules"
    folder.mkdir()
    made = Live(folder)
    made.put("1.yml", asks("One", 1, id="6f0c2f2e-3f7e-4f0b-8d5a-111111111111"))
    made.put("2.yml", asks("Two", 2), asks("Three", 3))
    made.look()
    return made


def asks(title: str, value: Any, field: str = "a", **more: Any) -> dict[str, Any]:
    return rule(title, detection={"s": {field: value}, "condition": "s"}, **more)


BAD = {"a|endswit": 1}
WRONG = [
    pytest.param({"detection": {"s": BAD, "condition": "s"}}, id="a modifier"),
    pytest.param({"detection": {"s": {"a|re": "("}, "condition": "s"}}, id="an expression"),
    pytest.param({"detection": {"s": {"a|cidr": "x"}, "condition": "s"}}, id="a network"),
    pytest.param({"detection": {"s": {"a": 1}, "condition": "t"}}, id="a condition"),
    pytest.param({"level": "hihg"}, id="a level"),
    pytest.param({"logsource": 5}, id="a log source"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_rule_that_is_wrong_now_stays_as_it_was_until_it_is_right(
    live: Live, wrong: dict[str, Any]
) -> None:
    before = live.values()
    live.put("2.yml", asks("Two", 22), {**asks("Three", 3), **wrong})
    found = live.look()
    expected = [str(error) for error in load_rules([live.folder]).refused]
    assert [str(error) for error in found.refused][: len(expected)] == expected
    assert len(expected) > 0
    assert live.values() == {**before, "Two": "a = 22"}
    assert found.kept == [f"{live.folder}/2.yml: Three"]
    live.put("2.yml", asks("Two", 22), asks("Three", 33))
    live.is_as_from_nothing()
    assert live.look().kept == []


@pytest.mark.parametrize(
    "text", ["", "title: [", "\tx", "- 1", "title: t\ntitle: t\n", "just text"]
)
def test_a_file_that_is_half_written_stays_as_it_was(live: Live, text: str) -> None:
    before = live.values()
    live.write("2.yml", text)
    assert live.values() == before
    assert len(live.refused()) == 1
    assert live.refused()[0].startswith("2.yml")
    live.put("2.yml", asks("Two", 22), asks("Three", 33))
    live.is_as_from_nothing()


def test_a_file_that_is_broken_several_times_still_stays_as_it_was(live: Live) -> None:
    before = live.values()
    for text in ("title: [", "x", "title: Two\nlogsource: 5\n", ""):
        live.write("2.yml", text)
        assert {title: live.values().get(title) for title in ("One", "Two")} == {
            "One": before["One"], "Two": before["Two"]
        }  # fmt: skip
        assert len(live.refused()) == 1


def test_a_rule_that_was_taken_out_of_a_file_goes_even_when_another_is_wrong(live: Live) -> None:
    live.put("2.yml", {**asks("Three", 3), "level": "hihg"})
    assert live.values() == {"One": "a = 1", "Three": "a = 3"}


def test_a_rule_that_never_was_right_is_refused_alone(live: Live) -> None:
    live.put("3.yml", asks("Four", 4), asks("Five", 5, level="hihg"))
    assert live.values()["Four"] == "a = 4"
    assert live.look().kept == []
    assert len(live.refused()) == 1
    live.put("3.yml", asks("Four", 44), asks("Five", 5, level="lwo"))
    assert live.values()["Four"] == "a = 44"
    assert "Five" not in live.values()
    assert len(live.refused()) == 1


def test_a_rule_keeps_its_place_under_another_title_by_its_id(live: Live) -> None:
    id = "6F0C2F2E-3F7E-4F0B-8D5A-111111111111"
    live.put("1.yml", asks("Another title", 1, id=id, level="hihg"))
    assert live.values()["One"] == "a = 1"


def test_a_file_that_goes_takes_its_rules_with_it(live: Live) -> None:
    live.write("2.yml", "title: [")
    assert "Two" in live.values()
    (live.folder / "2.yml").unlink()
    assert live.values() == {"One": "a = 1"}
    assert live.refused() == []


def test_one_bad_rule_among_a_thousand_leaves_all_others_as_they_are_now(tmp_path: Path) -> None:
    tmp_path.joinpath("rules").mkdir()
    live = Live(tmp_path / "rules")
    for number in range(1000):
        live.put(f"{number}.yml", asks(f"Rule {number}", number))
    live.look()
    live.put("500.yml", asks("Rule 500", 0, level="hihg"))
    live.put("501.yml", asks("Rule 501", 0))
    assert len(live.values()) == 1000
    assert live.values()["Rule 500"] == "a = 500"
    assert live.values()["Rule 501"] == "a = 0"
    (error,) = live.refused()
    assert error.startswith("500.yml:1: level: ") or "500.yml" in error
    assert "did you mean 'high'?" in error


def test_a_filter_that_is_wrong_now_goes_on_filtering(live: Live) -> None:
    live.put("0.yml", FILTER)
    before = live.values()
    assert "place" in before["One"]
    live.write("0.yml", "title: [")
    assert live.values() == before
    for wrong in ({"condition": "not her"}, {"here": {"place|re": "(a(?=b)" + "(?:c){9000}"}}):
        live.put("0.yml", {**FILTER, "filter": {**FILTER["filter"], **wrong}})
        found = live.look()
        assert [Path(error.file or "").name for error in found.refused] == ["0.yml"]
        assert found.kept == [f"{live.folder}/0.yml: Not here"]
        assert live.values() == before
    live.put("0.yml", {**FILTER, "filter": {**FILTER["filter"], "here": {"spot": "here"}}})
    assert "spot" in live.values()["One"]
    (live.folder / "0.yml").unlink()
    assert live.values()["One"] == "a = 1"


def test_a_filter_whose_rules_went_is_named_and_stays(live: Live) -> None:
    live.put("1.yml", asks("One", 1, name="one"))
    live.put("0.yml", {**FILTER, "filter": {**FILTER["filter"], "rules": "one"}})
    assert live.refused() == []
    live.put("1.yml", asks("One", 1))
    assert len(live.refused()) == 1
    assert "refers to 'one', which is not loaded" in live.refused()[0]
    live.is_as_from_nothing()
    live.put("1.yml", asks("One", 1, name="one"))
    assert live.refused() == []
    assert "place" in live.values()["One"]


def test_a_filter_that_makes_rules_wrong_leaves_them_as_they_were(live: Live) -> None:
    before = live.values()
    filter = {**FILTER["filter"], "here": {"place|re": "("}}
    live.put("0.yml", {**FILTER, "filter": filter})
    assert live.values() == before
    assert len(live.look().kept) >= 1 or len(live.refused()) == 1
    assert live.refused() != []
    (live.folder / "0.yml").unlink()
    live.is_as_from_nothing()


def counting(**changes: Any) -> dict[str, Any]:
    return {**COUNT, "correlation": {**COUNT["correlation"], **changes}}


@pytest.mark.parametrize(
    "wrong",
    [
        counting(type="evnt_count"),
        counting(timespan="5x"),
        counting(rules=["nobody"]),
        counting(condition={"gte": "many"}),
        counting(aliases={"x": {"nobody": "y"}}),
    ],
)
def test_a_correlation_that_is_wrong_now_stays_as_it_was(live: Live, wrong: dict[str, Any]) -> None:
    live.put("1.yml", asks("One", 1, name="one"))
    live.put("4.yml", COUNT)
    (before,) = live.look().correlations
    live.put("4.yml", wrong)
    found = live.look()
    assert [c.content for c in found.correlations] == [before.content]
    assert len(found.refused) == 1
    assert found.kept == [f"{live.folder}/4.yml: Many"]
    live.put("4.yml", counting(timespan="6m"))
    live.is_as_from_nothing()


def test_a_correlation_whose_rule_went_is_refused(live: Live) -> None:
    live.put("1.yml", asks("One", 1, name="one"))
    live.put("4.yml", COUNT)
    assert len(live.look().correlations) == 1
    (live.folder / "1.yml").unlink()
    assert live.look().correlations == []
    assert "refers to 'one', which is not loaded" in live.refused()[0]


def test_a_correlation_stays_whose_rule_stays_as_it_was(tmp_path: Path) -> None:
    live = Live(tmp_path, PIPELINE)
    live.put("1.yml", asks("One", 1, name="one"))
    live.put("4.yml", COUNT)
    (before,) = live.look().correlations
    live.put("1.yml", asks("One", 1, name="one", level="hihg"))
    (after,) = live.look().correlations
    assert after.content == before.content
    assert after.group_by == ("x.user",)


def test_a_file_that_cannot_be_read_stays_as_it_was(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        from engine.errors import RuleError

        if path.name == "2.yml":
            raise RuleError("cannot be read: Input/output error", file=str(path))
        return path.read_bytes()

    before = live.values()
    monkeypatch.setattr("engine.library.read_rule_file", refuse)
    assert live.values() == before
    assert live.refused() == ["2.yml: cannot be read: Input/output error"]
    monkeypatch.undo()
    live.is_as_from_nothing()


def test_the_files_of_a_folder_that_cannot_be_listed_stay_as_they_were(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    (live.folder / "deep").mkdir()
    live.put("deep/5.yml", asks("Five", 5))
    before = live.values()
    real = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert live.values() == before
    assert live.refused() == ["deep: cannot be read: folder cannot be listed"]
    monkeypatch.undo()
    live.is_as_from_nothing()


def test_a_folder_that_is_gone_is_an_error_and_changes_nothing(live: Live) -> None:
    before = live.library.select(Selection())
    live.folder.rename(live.folder.with_name("elsewhere"))
    with pytest.raises(InputError):
        live.library.refresh(keep=True)
    same(live.library.select(Selection()), before)


def test_nothing_new_is_nothing_to_do(live: Live) -> None:
    assert live.library.refresh(keep=True) is False
    live.write("2.yml", (live.folder / "2.yml").read_text())
    assert live.library.refresh(keep=True) is False
    live.write("2.yml", "title: [")
    assert live.library.refresh(keep=True) is True
    assert live.library.refresh(keep=True) is False


def test_a_file_of_global_parts_stays_as_a_whole(live: Live) -> None:
    shared = {"action": "global", "logsource": {"product": "any"}}
    first, second = asks("A", 1, logsource=None), asks("B", 2, logsource=None)
    live.put("2.yml", shared, first, second)
    before = live.values()
    assert before["A"] == "a = 1"
    live.put("2.yml", shared, asks("A", 11, logsource=None), {**second, "level": "hihg"})
    assert live.values() == before
