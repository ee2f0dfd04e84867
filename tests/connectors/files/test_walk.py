"""Paths and folders name files, each once, in one order everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.files.walk import EVENTS, find
from engine.errors import InputError, Problem
from tests.connectors.files.reference import kinds


def names(folder: Path, *paths: Path) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    found = find(list(paths) or [folder], problems.append)
    return [str(each.path.relative_to(folder)) for each in found if each.path], problems


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


@pytest.mark.parametrize(
    "name",
    ["a.json", "a.jsonl", "a.NDJSON", "a.log", "a.evtx", "a.json.gz", "a.evtx.zst", "a.log.1",
     "a.log.2.gz", "a.log-20240101", "a.log.2024-01-01.zst"],
)  # fmt: skip
def test_event_files_are_known_by_name(name: str) -> None:
    assert EVENTS.search(name)


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "json", "a.json.bak", "a.yml", "a.logs"])
def test_other_files_are_not(name: str) -> None:
    assert not EVENTS.search(name)


def test_folders_are_gone_through_in_order_and_below(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("b.json", "a/z.log", "a/b/c.evtx", "c.json.gz")))
    assert names(tmp_path)[0] == ["a/b/c.evtx", "a/z.log", "b.json", "c.json.gz"]


def test_hidden_files_are_passed_and_others_counted(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.json", ".b.json", ".c/d.json", "e.txt", "f")))
    os.mkfifo(tmp_path / "g.json")
    found, problems = names(tmp_path)
    assert found == ["a.json"]
    assert kinds(problems) == ["skipped-file"] * 3


def test_a_file_named_itself_is_read_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path / ".events.txt")
    assert names(tmp_path, tmp_path / ".events.txt")[0] == [".events.txt"]


def test_links_that_loop_end(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.json")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found, problems = names(tmp_path)
    assert found == ["a/x.json"]
    assert kinds(problems) == ["unreadable-file"]


def test_a_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path / "a.json")
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    found, problems = names(tmp_path, tmp_path, tmp_path / "a.json")
    assert found == ["a.json"]
    assert kinds(problems) == ["skipped-file"] * 2


@pytest.mark.parametrize("name", ["none.json", "a.json/below", "nul\0"])
def test_a_path_that_cannot_be_is_an_error(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "a.json")
    with pytest.raises(InputError):
        names(tmp_path, tmp_path / "a.json", tmp_path / name)
