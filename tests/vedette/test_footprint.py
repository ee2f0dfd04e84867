"""A look sees every change of the rule folders that reading them would show."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vedette.footprint import SETTLING, footprint

LATER = time.time() + 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.yml", "deep/b.yaml", "deep/er/c.yml", "note.txt"):
        file = tmp_path / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("title: x\n")
    (tmp_path / "rules" / "nowhere.yml").symlink_to(tmp_path / "nothing")
    return tmp_path / "rules"


def seen(folder: Path) -> object:
    return footprint([folder], LATER).seen


CHANGES: list[Callable[[Path], object]] = [
    lambda folder: (folder / "a.yml").write_text("title: y\n"),
    lambda folder: (folder / "a.yml").unlink(),
    lambda folder: (folder / "new.yml").write_text("title: x\n"),
    lambda folder: (folder / "deep" / "er" / "new.yml").write_text("title: x\n"),
    lambda folder: (folder / "deep" / "er" / "c.yml").rename(folder / "deep" / "er" / "d.yml"),
    lambda folder: (folder / "deep").rename(folder / "depth"),
    lambda folder: (folder / "empty").mkdir(),
    lambda folder: (folder / "a.yml").replace(folder / "deep" / "b.yaml"),
    lambda folder: (folder.parent / "nothing").write_text("title: x\n"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(folder: Path, change: Callable[[Path], object]) -> None:
    before = seen(folder)
    assert seen(folder) == before
    change(folder)
    assert seen(folder) != before


def test_what_keeps_its_size_and_time_of_content_is_seen(folder: Path) -> None:
    before = seen(folder)
    status = (folder / "a.yml").stat()
    (folder / "a.yml").write_text("title: y\n")
    os.utime(folder / "a.yml", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert seen(folder) != before


def test_a_file_that_is_no_rule_is_not_looked_at(folder: Path) -> None:
    before = seen(folder)
    (folder / "note.txt").write_text("more")
    assert seen(folder) == before


def test_it_is_fresh_while_a_change_may_hide_behind_the_same_time(folder: Path) -> None:
    changed = max(path.lstat().st_ctime for path in folder.rglob("*"))
    assert footprint([folder], changed + SETTLING / 2).fresh
    assert not footprint([folder], changed + SETTLING + 1).fresh
    assert not footprint([folder], changed - 1000).fresh  # a clock that is far behind


def test_what_is_not_there_is_seen_once_it_is(tmp_path: Path) -> None:
    before = footprint([tmp_path / "rules"], LATER)
    assert before.seen == {}
    (tmp_path / "rules").mkdir()
    assert footprint([tmp_path / "rules"], LATER) != before
