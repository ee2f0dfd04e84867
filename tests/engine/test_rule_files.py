"""Which files are rule files, in which order, and that none is passed over unseen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, RuleError
from engine.load import load_rules
from engine.rule_files import MAX_BYTES, read_rule_file, rule_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yml", "a/z.yaml", "a.yml", "a/y.yml", "a-b/x.yml", "note.txt", ".yml", "c.YML"):
        file = tmp_path / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("title: x\n")
    return tmp_path / "rules"


def names(*paths: Path) -> list[str]:
    return [file.relative_to(paths[0]).as_posix() for file, _ in rule_files(paths)]


def test_they_come_sorted_by_the_parts_of_their_paths(folder: Path) -> None:
    assert names(folder) == ["a/y.yml", "a/z.yaml", "a-b/x.yml", "a.yml", "b.yml"]
    assert names(folder) == [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".yml", ".yaml")
    ]


def test_each_comes_once_whatever_leads_to_it(folder: Path) -> None:
    (folder / "link.yml").symlink_to(folder / "b.yml")
    (folder / "gone.yml").symlink_to(folder / "nothing")
    (folder / "ring.yml").symlink_to(folder / "ring.yml")
    assert names(folder, folder / "a", folder / "a" / ".." / "a.yml") == names(folder)
    assert "link.yml" not in names(folder)


def test_a_link_to_a_file_elsewhere_is_followed_one_to_a_folder_is_not(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "o.yml").write_text("title: x\n")
    (folder / "link.yml").symlink_to(tmp_path / "other" / "o.yml")
    (folder / "below").symlink_to(tmp_path / "other")
    assert "link.yml" in names(folder)
    assert "below/o.yml" not in names(folder)


def test_a_pipe_and_a_folder_of_that_name_are_no_rule_files(folder: Path) -> None:
    before = names(folder)
    os.mkfifo(folder / "pipe.yml")
    (folder / "folder.yml").mkdir()
    assert names(folder) == before


def test_the_rule_set_is_called_like_the_folder(folder: Path) -> None:
    assert {name for _, name in rule_files([folder])} == {"rules"}
    assert [name for _, name in rule_files([folder / "a" / "y.yml"])] == ["a"]


def test_a_path_that_does_not_exist_is_an_error(folder: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder of rules"):
        list(rule_files([folder, folder / "nothing"]))


def test_a_folder_that_cannot_be_listed_is_named_and_the_others_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names(folder) == ["a", "a-b/x.yml", "a.yml", "b.yml"]
    (error,) = [e for e in load_rules([folder]).refused if e.file == str(folder / "a")]
    assert str(error) == f"{folder / 'a'}: cannot be read: folder cannot be listed"


def test_a_folder_that_goes_away_meanwhile_has_no_rules(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "a":
            raise FileNotFoundError(2, "No such file or directory")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names(folder) == ["a-b/x.yml", "a.yml", "b.yml"]


@pytest.mark.parametrize(("size", "fits"), [(0, True), (MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_a_file_is_read_whole_or_refused_by_its_size(tmp_path: Path, size: int, fits: bool) -> None:
    (tmp_path / "a.yml").write_bytes(b"#" * size)
    if fits:
        assert read_rule_file(tmp_path / "a.yml") == b"#" * size
        return
    with pytest.raises(RuleError, match="is too long"):
        read_rule_file(tmp_path / "a.yml")
