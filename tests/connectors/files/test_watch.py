"""A watched folder yields each whole line once, whatever rotation and restarts do meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files import FolderSource, Limits
from connectors.files.roster import FORGET
from engine.errors import InputError, Problem, SourceError, StateError
from engine.ports import Checkpoint, Record
from tests.connectors.files.reference import kinds

LATER = 10.0**10
"""A clock far ahead of every file's mtime: all files have come to rest."""


class Watched:
    """A folder, and someone who polls it, stops at will and starts again from the checkpoint."""

    def __init__(self, folder: Path, *, now: float = LATER, limits: Limits | None = None) -> None:
        self.folder, self.now, self.limits = folder, now, limits
        self.problems: list[Problem] = []
        self.checkpoint: Checkpoint | None = None
        self.seen: list[Record] = []
        self.restart()

    def restart(self) -> None:
        self.source = FolderSource(
            self.folder,
            "logs",
            self.problems.append,
            limits=self.limits,
            clock=lambda: self.now,
        )

    def poll(self, batches: int | None = None) -> list[Any]:
        """Take some batches (None: all), and go on from the last one's checkpoint."""
        new = []
        for batch in islice(self.source.poll(self.checkpoint), batches):
            # As a state store would keep it.
            self.checkpoint = json.loads(json.dumps(batch.checkpoint))
            new += batch.records
        self.seen += new
        return [record.document.get("n") for record in new]

    def numbers(self) -> list[Any]:
        return [record.document["n"] for record in self.seen]


def line(number: int) -> bytes:
    return b'{"n": %d, "pad": "%s"}\n' % (number, b"x" * (number % 7 * 900))


def append(path: Path, *numbers: int) -> None:
    with path.open("ab") as file:
        file.writelines(map(line, numbers))


def test_new_lines_come_once_each(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1, 2)
    assert watched.poll() == [1, 2]
    assert watched.poll() == []
    append(log, 3)
    assert watched.poll() == [3]
    assert [(record.line, record.id) for record in watched.seen] == [
        (1, None),
        (2, None),
        (3, None),
    ]


def test_a_poll_with_nothing_new_yields_no_batch(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    append(tmp_path / "a.log", 1)
    watched.poll()
    assert list(watched.source.poll(watched.checkpoint)) == []


def test_a_line_without_newline_waits_for_it(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.ndjson"
    log.write_bytes(line(1) + line(2)[:-1])
    assert watched.poll() == [1]
    assert watched.poll() == []
    append(log, 3)
    with log.open("ab") as file:
        file.write(b"\n")
    log.write_bytes(line(1) + line(2) + line(3))
    assert watched.poll() == [2, 3]


def test_a_renamed_log_is_finished_and_its_successor_begun(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1, 2)
    watched.poll()
    append(log, 3)
    log.rename(tmp_path / "a.log.1")
    append(log, 4)
    assert sorted(watched.poll()) == [3, 4]


@pytest.mark.parametrize("between", [False, True], ids=["unseen", "seen"])
def test_a_log_copied_and_truncated_is_read_once(tmp_path: Path, between: bool) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1, 2)
    watched.poll()
    append(log, 3)
    shutil.copy(log, tmp_path / "a.log.1")
    if between:
        assert watched.poll() == [3]
    os.truncate(log, 0)
    append(log, 4)
    assert sorted(watched.poll()) == ([4] if between else [3, 4])
    assert watched.poll() == []


def test_a_truncated_log_that_outgrew_its_place_starts_again(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1)
    watched.poll()
    os.truncate(log, 0)
    append(log, 6, 5, 4)
    assert watched.poll() == [6, 5, 4]


def test_the_same_first_line_does_not_hide_a_truncation(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 0, 1)
    watched.poll()
    os.truncate(log, 0)
    append(log, 0, 2, 3)
    assert watched.poll() == [0, 2, 3]


def test_an_inode_used_again_is_another_file(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1)
    watched.poll()
    # Written in place: the same inode for certain.
    log.write_bytes(line(2))
    assert watched.poll() == [2]


def test_a_compressed_log_gives_only_what_was_not_read_of_it(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1, 2)
    watched.poll()
    append(log, 3, 4)
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    append(log, 5)
    assert sorted(watched.poll()) == [3, 4, 5]
    assert [record.line for record in watched.seen if record.document["n"] in (3, 4)] == [3, 4]


def test_a_compressed_copy_beside_its_original_is_not_read(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log.1"
    append(log, 1, 2)
    watched.poll()
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    assert watched.poll() == []
    log.unlink()
    assert watched.poll() == []


def test_a_new_log_that_begins_like_another_is_read(tmp_path: Path) -> None:
    """The day's log with yesterday's first line is taken for a copy only as long as it is one."""
    watched = Watched(tmp_path)
    append(tmp_path / "a.log.20240101", 0, 1, 2)
    watched.poll()
    append(tmp_path / "a.log.20240102", 0)
    watched.poll()
    append(tmp_path / "a.log.20240102", 3, 4)
    assert [number for number in watched.poll() if number] == [3, 4]


def test_two_logs_with_equal_lines_are_both_read(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    append(tmp_path / "a.log", 1, 2)
    append(tmp_path / "b.log", 1, 2)
    assert sorted(watched.poll()) == [1, 1, 2, 2]


def test_whole_files_come_once_when_at_rest(tmp_path: Path) -> None:
    watched = Watched(tmp_path, now=0)
    (tmp_path / "a.json").write_text(json.dumps([{"n": 1}, {"n": 2}], indent=1))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(line(3)))
    (tmp_path / "c.json").write_text('{"Records": [{"n": 4}]}')
    (tmp_path / "d.json").write_bytes('{"n": 5}\n'.encode("utf-16"))
    assert watched.poll() == [], "just written"
    assert sorted(watched.poll()) == [1, 2, 3, 4, 5], "unchanged since the last poll"
    assert watched.poll() == []
    watched.restart()
    assert watched.poll() == []


def test_a_whole_file_is_resumed_within(tmp_path: Path) -> None:
    watched = Watched(tmp_path, limits=Limits(batch=2))
    (tmp_path / "a.json").write_text(json.dumps([{"n": n} for n in range(5)], indent=1))
    found = []
    for _ in range(4):
        watched.restart()
        found += watched.poll(1)
    assert found == [0, 1, 2, 3, 4]


def test_a_document_written_anew_is_read_anew(tmp_path: Path) -> None:
    watched, path = Watched(tmp_path), tmp_path / "a.json"
    path.write_text(json.dumps([{"n": 1}]))
    assert watched.poll() == [1]
    path.write_text(json.dumps([{"n": 2}, {"n": 3}]))
    assert watched.poll() == [2, 3]
    assert watched.checkpoint is not None
    assert len(watched.checkpoint["files"]) == 1


def test_a_line_over_the_limit_is_passed_even_before_it_ends(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path, limits=Limits(line=500)), tmp_path / "a.log"
    log.write_bytes(line(7) + b'{"n": "' + b"x" * 300_000)
    assert watched.poll() == [7]
    with log.open("ab") as file:
        file.write(b"x" * 600)
    assert watched.poll() == []
    with log.open("ab") as file:
        file.write(b'"}\n' + line(14) + b'{"n": "' + b"x" * 600 + b'"}\n' + line(21))
    assert watched.poll() == [14, 21]
    assert [(p.kind, p.line) for p in watched.problems] == [
        ("line-too-long", 2),
        ("line-too-long", 4),
    ]
    assert watched.seen[-1].line == 5


def test_broken_lines_are_reported_once_and_passed(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1)
    watched.poll()
    with log.open("ab") as file:
        file.write(b"{oops\n")
    assert watched.poll() == []
    assert watched.poll() == []
    append(log, 2)
    assert watched.poll() == [2]
    assert [(p.kind, p.line) for p in watched.problems] == [("malformed-json", 2)]


def test_files_long_gone_leave_the_checkpoint(tmp_path: Path) -> None:
    watched, log = Watched(tmp_path), tmp_path / "a.log"
    append(log, 1)
    watched.poll()
    log.unlink()
    watched.poll()
    assert watched.checkpoint is not None
    assert len(watched.checkpoint["files"]) == 1
    watched.now += FORGET
    watched.poll()
    assert watched.checkpoint["files"] == []


def test_other_files_are_reported_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    watched.poll()
    watched.poll()
    assert kinds(watched.problems) == ["skipped-file"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        FolderSource(tmp_path / "none", "logs", lambda _: None)


def test_a_folder_that_went_away_moves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    source = FolderSource(folder, "logs", lambda _: None)
    folder.rmdir()
    with pytest.raises(SourceError, match="cannot be listed"):
        list(source.poll(None))


@pytest.mark.parametrize("foreign", [{}, {"files": 3}, {"files": [{"path": "x"}]}, {"files": [1]}])
def test_a_foreign_checkpoint_is_an_error(tmp_path: Path, foreign: dict[str, Any]) -> None:
    source = FolderSource(tmp_path, "logs", lambda _: None)
    with pytest.raises(StateError):
        list(source.poll(foreign))


class Logger:
    """Writes numbered lines to a log and rotates it in every usual way."""

    def __init__(self, folder: Path) -> None:
        self.log, self.next, self.half = folder / "app.log", 0, b""
        self.written: list[int] = []

    def write(self, count: int) -> None:
        for _ in range(count):
            self._put(self.half or line(self.next))
            self.half = b""
            self.written.append(self.next)
            self.next += 1

    def write_half(self) -> None:
        if not self.half:
            text = line(self.next)
            self._put(text[: len(text) // 2])
            self.half = text[len(text) // 2 :]

    def rename(self) -> None:
        if self._closed():
            self._shift()
            self.log.rename(self.log.with_name("app.log.1"))

    def copy(self) -> None:
        if self._closed():
            self._shift()
            shutil.copy(self.log, self.log.with_name("app.log.1"))

    def truncate(self) -> None:
        os.truncate(self.log, 0)

    def compress(self) -> None:
        plain = self.log.with_name("app.log.1")
        if plain.exists():
            packed = self.log.with_name("app.log.1.gz")
            packed.write_bytes(gzip.compress(plain.read_bytes()))
            plain.unlink()

    def _closed(self) -> bool:
        """Finish a half line: rotation by a careful logger never cuts one."""
        if self.half:
            self.write(1)
        return self.log.exists() and self.log.stat().st_size > 0

    def _shift(self) -> None:
        for number in range(8, 0, -1):
            for suffix in ("", ".gz"):
                old = self.log.with_name(f"app.log.{number}{suffix}")
                if old.exists():
                    old.rename(self.log.with_name(f"app.log.{number + 1}{suffix}"))

    def _put(self, text: bytes) -> None:
        with self.log.open("ab") as file:
            file.write(text)


ACTIONS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 5)),
    st.tuples(
        st.sampled_from(["half", "rename", "copytruncate", "copy-poll-truncate", "compress"])
    ),
    st.tuples(st.just("poll"), st.none() | st.integers(0, 2)),
    st.tuples(st.just("restart")),
)


def act(action: Sequence[Any], logger: Logger, watched: Watched) -> None:
    match action:
        case ["write", count]:
            logger.write(count)
        case ["half"]:
            logger.write_half()
        case ["rename"]:
            logger.rename()
        case ["copytruncate"]:
            logger.copy()
            if logger.log.exists():
                logger.truncate()
        case ["copy-poll-truncate"]:
            logger.copy()
            watched.poll()
            if logger.log.exists():
                logger.truncate()
        case ["compress"]:
            logger.compress()
        case ["poll", batches]:
            watched.poll(batches)
        case ["restart"]:
            watched.restart()


@given(actions=st.lists(ACTIONS, max_size=25))
@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_line_comes_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, actions: list[Sequence[Any]]
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    logger, watched = Logger(folder), Watched(folder, limits=Limits(batch=2))
    for action in actions:
        if sum(1 for _ in folder.iterdir()) < 8:  # nothing falls off the end of the rotation
            act(action, logger, watched)
    watched.poll()
    assert sorted(watched.numbers()) == logger.written
    shutil.rmtree(folder)
