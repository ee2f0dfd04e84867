"""A bundle that takes the place of another: whoever reads has the one or the other, whatever fails.

Every call that changes a disk is counted. A crash is one that does not come back, nor any after it.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from models.bundle import keep, revisions
from models.bundle.bundle import Bundle
from models.bundle.observation import Observation
from models.bundle.plan import Plan
from models.errors import StoreError

CHANGES = ((os, "mkdir"), (os, "replace"), (os, "unlink"), (os, "rmdir"), (os, "fsync"))


class Killed(BaseException):
    """The process is no more."""


@cache
def fitted(seed: int) -> Bundle:
    """Bundles that differ in their detectors too, since those of the last one must go with it."""
    detectors = ("new-value", "count-vector") if seed % 2 else ("new-value", "markov")
    events = [
        Observation("web", at * 20.0, {"Channel": "App", "EventID": (at * (seed + 1)) % 5})
        for at in range(90)
    ]
    return Bundle.fit(events, Plan({name: {} for name in detectors}, width=60.0))


@contextmanager
def each_change(
    monkeypatch: pytest.MonkeyPatch, heard: Callable[[int], None]
) -> Iterator[list[int]]:
    """`heard` is called before each change of the disk, with its number; how many there were."""
    count, heeded = [0], True

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            nonlocal heeded
            if heeded:
                count[0] += 1
                heeded = False
                try:
                    heard(count[0])
                finally:
                    heeded = True
            return real(*given, **named)

        return called

    def opened(path: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        return (writing if "w" in mode else real_open)(path, mode, *given, **named)

    real_open = io.open
    writing = before(real_open)
    with monkeypatch.context() as patched:
        for module, name in CHANGES:
            patched.setattr(module, name, before(getattr(module, name)))
        patched.setattr(io, "open", opened)
        yield count


def learned(folder: Path) -> dict[str, Any]:
    """What tells one bundle from another, of which all files were read."""
    bundle = keep.load(folder)
    assert bundle.memory is not None
    assert set(bundle.memory.apart()) == set(bundle.parts)
    return {name: part.detector.state().facts for name, part in bundle.parts.items()}


def told(seed: int) -> dict[str, Any]:
    return {name: part.detector.state().facts for name, part in fitted(seed).parts.items()}


def test_at_every_moment_the_old_bundle_or_the_new_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by who still reads the one before, and in the third, which sweeps the first away."""
    keep.save(fitted(1), tmp_path)
    for old, new in ((1, 2), (2, 3), (3, 4)):
        seen = []

        def look(_: int, seen: list[dict[str, Any]] = seen) -> None:
            seen.append(learned(tmp_path))

        with each_change(monkeypatch, look):
            keep.save(fitted(new), tmp_path)
        assert len(seen) > 30
        change = seen.index(told(new))
        assert seen == [told(old)] * change + [told(new)] * (len(seen) - change)
        assert learned(tmp_path) == told(new)


def test_a_crash_anywhere_leaves_one_that_loads_and_the_next_goes_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, number, crashed = tmp_path / "x", 0, True
    while crashed:
        number, crashed = number + 1, False
        keep.save(fitted(1), folder / str(number))
        place = folder / str(number)

        def kill(count: int, last: int = number) -> None:
            if count >= last:
                raise Killed

        try:
            with each_change(monkeypatch, kill):
                keep.save(fitted(2), place)
        except Killed:
            crashed = True
        assert learned(place) in (told(1), told(2))
        if number % 5 == 0:
            keep.save(fitted(3), place)
            assert learned(place) == told(3)
            assert len([*place.glob("revision-*")]) <= 2
            assert not [*place.rglob("*.part")]
    assert number > 30


def test_where_nothing_was_a_crash_leaves_nothing_or_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for last in range(1, 45, 4):
        place = tmp_path / str(last)

        def kill(count: int, last: int = last) -> None:
            if count >= last:
                raise Killed

        with pytest.raises(Killed), each_change(monkeypatch, kill):
            keep.save(fitted(1), place)
        with pytest.raises(StoreError):
            keep.load(place)
        keep.save(fitted(2), place)
        assert learned(place) == told(2)
        assert {each.name for each in place.iterdir()} == {
            "bundle.json", "bundle.npz", "memory", "new-value", "markov"
        }  # fmt: skip


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(count: int) -> None:
        if count == 9:
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"), each_change(monkeypatch, full):
        keep.save(fitted(1), tmp_path / "new")
    assert not (tmp_path / "new").exists()
    keep.save(fitted(1), tmp_path / "old")
    with pytest.raises(StoreError, match="No space left"), each_change(monkeypatch, full):
        keep.save(fitted(2), tmp_path / "old")
    assert not [*(tmp_path / "old").glob("revision-*")]
    assert learned(tmp_path / "old") == told(1)


def test_one_that_cannot_be_read_stays_until_another_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version may be able to read it."""
    keep.save(fitted(1), tmp_path)
    (tmp_path / keep.TOLD).write_text('{"format": 2}')
    files = {path.name for path in tmp_path.rglob("*")}

    def full(count: int) -> None:
        if count == 9:
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError), each_change(monkeypatch, full):
        keep.save(fitted(2), tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == files
    keep.save(fitted(2), tmp_path)
    assert learned(tmp_path) == told(2)
    assert {each.name for each in tmp_path.iterdir()} == {"bundle.json", "revision-2"}


def test_the_revision_before_stays_until_the_next_comes(tmp_path: Path) -> None:
    keep.save(fitted(1), tmp_path)
    (tmp_path / "notes.txt").write_text("ours")
    keep.save(fitted(2), tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {
        "bundle.json", "bundle.npz", "new-value", "count-vector", "memory", "revision-2",
        "notes.txt",
    }  # fmt: skip
    for seed, lie in ((3, {"revision-2", "revision-3"}), (4, {"revision-3", "revision-4"})):
        keep.save(fitted(seed), tmp_path)
        found = {each.name for each in tmp_path.iterdir()}
        assert found == {"bundle.json", "notes.txt", *lie}


def test_who_reads_while_two_others_come_reads_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep.save(fitted(1), tmp_path)
    real, come = keep._loaded, [fitted(2), fitted(3)]

    def slow(*given: Any) -> Bundle:
        while come:
            keep.save(come.pop(0), tmp_path)
        return real(*given)

    monkeypatch.setattr(keep, "_loaded", slow)
    kept = keep.kept(tmp_path)
    assert list(kept.bundle.parts) == list(fitted(3).parts)
    assert kept.sha256 == keep.fingerprint(tmp_path)
    assert kept.told == keep.read(tmp_path)


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    """The second waits for the first, or is refused, as it likes."""
    began = threading.Event()

    def second() -> None:
        began.set()
        with revisions.alone(tmp_path / "m", wait=True):
            keep.save(fitted(2), tmp_path / "m")

    thread = threading.Thread(target=second)
    with revisions.alone(tmp_path / "m"):
        thread.start()
        began.wait()
        with pytest.raises(StoreError, match="is being written by another process"):
            revisions.alone(tmp_path / "m").__enter__()
        keep.save(fitted(1), tmp_path / "m")
        thread.join(0.05)
        assert thread.is_alive()
        assert learned(tmp_path / "m") == told(1)
    thread.join()
    assert learned(tmp_path / "m") == told(2)


def test_who_waited_for_one_that_failed_has_a_folder_of_its_own(tmp_path: Path) -> None:
    place, done = tmp_path / "m", threading.Event()

    def second() -> None:
        with revisions.alone(place, wait=True):
            keep.save(fitted(2), place)
        done.set()

    thread = threading.Thread(target=second)
    with revisions.alone(place):
        thread.start()
        done.wait(0.05)
        place.rmdir()
    thread.join()
    assert learned(place) == told(2)


@pytest.mark.parametrize("at", ["..", "revision-0", "revision-1/../..", 7, "revision-2\n"])
def test_a_revision_that_there_cannot_be_is_refused(tmp_path: Path, at: object) -> None:
    with pytest.raises(StoreError, match="names no revision"):
        revisions.named(tmp_path, at)
