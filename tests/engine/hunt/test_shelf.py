"""Hunt files, looked at again: what changed is new, what is wrong stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import InputError
from engine.hunt.shelf import HuntShelf
from tests.engine.helpers import rule, write_rules
from tests.engine.hunt.helpers import document

OTHER = "6e1d2c9f-6a1b-4f43-9d3e-9b7d5a1b0c11"
FIRST = {"type": "threshold", "at_least": 3, "within": "60s"}


class Files:
    """A folder of hunts on a shelf."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.shelf = folder, HuntShelf([folder])
        self.put("1.yml", document(**FIRST))
        self.put("2.yml", document(**FIRST, title="Two", id=OTHER))
        assert self.shelf.refresh()

    def put(self, name: str, *documents: Any) -> None:
        text = yaml.safe_dump_all(documents, sort_keys=False)
        (self.folder / name).write_text(text, encoding="utf-8")

    def titles(self) -> list[str]:
        """The hunts after another look."""
        self.shelf.refresh()
        return sorted(hunt.rule.title for hunt in self.shelf.hunts.hunts)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_files_that_did_not_change_are_not_read_again(files: Files) -> None:
    before = list(files.shelf.hunts.hunts)
    assert not files.shelf.refresh()
    files.put("2.yml", document(**FIRST, title="Two, changed", id=OTHER))
    assert files.shelf.refresh()
    assert files.shelf.hunts.hunts[0] is before[0]
    assert files.titles() == ["A hunt", "Two, changed"]


def test_a_hunt_that_is_wrong_now_stays_as_it_was_and_the_rest_goes_on(files: Files) -> None:
    before = files.shelf.hunts.hunts[0]
    files.put("1.yml", document(**{**FIRST, "at_least": "many"}))
    files.put("2.yml", document(**FIRST, title="Two, changed", id=OTHER))
    assert files.titles() == ["A hunt", "Two, changed"]
    assert before in files.shelf.hunts.hunts
    assert files.shelf.kept == [before]
    assert "'many'" in str(files.shelf.hunts.refused[0])
    files.put("1.yml", document(**{**FIRST, "title": "Right again"}))
    assert files.titles() == ["Right again", "Two, changed"]
    assert files.shelf.kept == []


def test_it_stays_however_often_its_file_is_wrong(files: Files) -> None:
    for text in ("title: [", "title: x\n", "- 1\n"):
        (files.folder / "1.yml").write_text(text, encoding="utf-8")
        assert files.titles() == ["A hunt", "Two"]


def test_of_a_file_with_several_only_what_is_wrong_stays(files: Files) -> None:
    (files.folder / "2.yml").unlink()
    files.put("1.yml", document(**FIRST), document(**FIRST, title="Two", id=OTHER))
    assert files.titles() == ["A hunt", "Two"]
    files.put("1.yml", document(**{**FIRST, "type": "treshold"}))  # the other was taken out
    assert files.titles() == ["A hunt"]


def test_a_hunt_whose_file_is_gone_is_gone(files: Files) -> None:
    (files.folder / "1.yml").unlink()
    assert files.titles() == ["Two"]


def test_a_hunt_that_moved_to_another_file_is_not_there_twice(files: Files) -> None:
    (files.folder / "1.yml").write_text("title: [", encoding="utf-8")
    files.put("3.yml", document(**{**FIRST, "title": "Moved"}))
    assert files.titles() == ["Moved", "Two"]


def test_the_rules_of_a_sigma_hunt_count_as_a_part_of_it(files: Files, tmp_path: Path) -> None:
    rules = tmp_path.parent / f"{tmp_path.name}-rules"
    rules.mkdir()
    write_rules(rules, rule("Before"))
    files.put("1.yml", document(type="sigma", rules=str(rules)))
    files.shelf.refresh()
    assert rules in files.shelf.paths
    (hunt, _) = files.shelf.hunts.hunts
    assert [each.title for each in hunt.type.rules()] == ["Before"]
    write_rules(rules, rule("After"))
    assert files.shelf.refresh()
    (hunt, _) = files.shelf.hunts.hunts
    assert [each.title for each in hunt.type.rules()] == ["After"]
    write_rules(rules, rule("Wrong", level="hihg"))
    files.shelf.refresh()
    assert [h.rule.title for h in files.shelf.kept] == ["A hunt"]
    assert rules in files.shelf.paths


def test_a_folder_that_went_away_changes_nothing(files: Files) -> None:
    files.shelf._paths = (files.folder / "nowhere",)
    with pytest.raises(InputError, match="no such file"):
        files.shelf.refresh()
    assert len(files.shelf.hunts) == 2
