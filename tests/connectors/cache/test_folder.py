"""The cache folder is its owner's alone, each file is whole or absent, and nothing ever breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.cache import CacheFolder, folder
from engine.errors import Problem
from tests.conftest import ROOT


@pytest.fixture
def told() -> list[Problem]:
    return []


@pytest.fixture
def cache(tmp_path: Path, told: list[Problem]) -> CacheFolder:
    return CacheFolder(tmp_path / "deep" / "cache", told.append)


def test_what_was_written_is_read_and_only_the_owner_may(
    cache: CacheFolder, told: list[Problem], tmp_path: Path
) -> None:
    assert cache.read("a") is None
    cache.write("a", b"1")
    cache.write("a", b"2")
    assert cache.read("a") == b"2"
    assert (tmp_path / "deep" / "cache").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "deep" / "cache" / "a").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path / "deep" / "cache") == ["a"]
    assert told == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o750, 0o701])
def test_a_folder_that_is_open_to_others_is_left_alone_and_told(
    cache: CacheFolder, told: list[Problem], tmp_path: Path, mode: int
) -> None:
    cache.write("a", b"1")
    (tmp_path / "deep" / "cache").chmod(mode)
    assert cache.read("a") is None
    cache.write("a", b"2")
    assert (tmp_path / "deep" / "cache" / "a").read_bytes() == b"1"
    (problem,) = told
    assert f"the folder is open to other users (mode {mode:o})" in str(problem)


def test_a_file_that_is_open_to_others_is_not_read(
    cache: CacheFolder, told: list[Problem], tmp_path: Path
) -> None:
    cache.write("a", b"1")
    (tmp_path / "deep" / "cache" / "a").chmod(0o666)
    assert cache.read("a") is None
    assert "a is open to other users" in str(told[0])


def test_what_another_user_owns_is_left_alone_and_told(
    cache: CacheFolder, told: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("a", b"1")
    monkeypatch.setattr(os, "getuid", lambda: 1 << 20)
    assert cache.read("a") is None
    assert "the folder belongs to another user" in str(told[0])


def _link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


def _pipe(path: Path, elsewhere: Path) -> None:
    os.mkfifo(path, 0o600)


def _folder(path: Path, elsewhere: Path) -> None:
    path.mkdir(0o700)


@pytest.mark.parametrize("make", [_link, _pipe, _folder])
def test_what_is_no_plain_file_is_not_read(
    cache: CacheFolder, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    cache.write("a", b"1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    elsewhere.chmod(0o600)
    (tmp_path / "deep" / "cache" / "a").unlink()
    make(tmp_path / "deep" / "cache" / "a", elsewhere)
    assert cache.read("a") is None
    cache.write("a", b"2")
    assert elsewhere.read_bytes() == b"not ours"


def test_a_place_where_no_folder_can_be_is_told_once(told: list[Problem], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = CacheFolder(tmp_path / "file" / "cache", told.append)
    assert cache.read("a") is None
    cache.write("a", b"1")
    cache.write("b", b"1")
    assert len(told) == 1


def test_a_disk_that_is_full_leaves_what_was_there(
    cache: CacheFolder, told: list[Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("a", b"1")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        cache.write("a", b"2")
    assert cache.read("a") == b"1"
    assert os.listdir(tmp_path / "deep" / "cache") == ["a"]
    assert "cannot be written: No space left on device" in str(told[0])


def test_a_file_that_is_too_large_is_neither_written_nor_read(
    cache: CacheFolder, told: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write("a", b"12345")
    monkeypatch.setattr(folder, "MAX_BYTES", 4)
    assert cache.read("a") is None
    cache.write("b", b"12345")
    monkeypatch.setattr(folder, "MAX_BYTES", 5)
    assert cache.read("b") is None
    assert "a is too large" in str(told[0])


def test_only_the_files_written_last_are_kept(cache: CacheFolder, tmp_path: Path) -> None:
    for number in range(folder.KEPT + 3):
        cache.write(f"{number:02}", b"1")
        os.utime(tmp_path / "deep" / "cache" / f"{number:02}", (number, number))
    left = sorted(os.listdir(tmp_path / "deep" / "cache"))
    assert left == [f"{number:02}" for number in range(3, folder.KEPT + 3)]


WRITER = """
import sys
from pathlib import Path
from connectors.cache import CacheFolder

def fail(problem):
    raise AssertionError(str(problem))

cache = CacheFolder(Path(sys.argv[1]), fail)
letter = sys.argv[2].encode()
for number in range(300):
    cache.write("a", letter * 50_000)
    content = cache.read("a")
    assert content is not None and len(set(content)) == 1 and len(content) == 50_000
"""


def test_processes_that_write_at_once_never_see_half_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "cache")]
    running = [
        subprocess.Popen([*command, letter], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for letter in "xy"
    ]
    assert [process.communicate()[1] for process in running] == ["", ""]
    assert os.listdir(tmp_path / "cache") == ["a"]
