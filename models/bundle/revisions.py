"""Where the revisions of a bundle lie in its folder, which of them go, and who may write.

    with alone(folder):
        root = room(folder, before)          where the next one is written, beside the one `before`
        ...                                  all its files
        flush(root); (the file that names it); sweep(folder, {before, name_of(folder, root)})

Whoever reads finds the one before or the next, as the file that names it is put in its place in
one step. The one before stays until the next comes, for those who are reading it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from models.errors import StoreError
from models.store import ARRAYS, MANIFEST, make

TOLD = "bundle.json"
"""The file that names the revision which holds."""
FIRST = ("bundle.npz", "memory")
"""What the first revision has beside its detectors, directly in the folder."""
_NAME = re.compile(r"revision-[1-9][0-9]{0,8}\Z")


@contextmanager
def alone(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Nobody else writes the bundle in `folder` (made if need be) meanwhile.

    `StoreError` where somebody does; with `wait` it is waited for: writing takes a moment.
    """
    how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    while True:
        make(folder)
        try:
            at = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            try:
                fcntl.flock(at, how)  # let go when it is closed
            except BlockingIOError as error:
                text = "is being written by another process: one at a time"
                raise StoreError(text, str(folder)) from error
            # Whoever was waited for may have failed, and left no folder.
            if not (folder.exists() and os.path.samestat(os.fstat(at), folder.stat())):
                continue
            yield
            return
        finally:
            os.close(at)


def room(folder: Path, before: str | None) -> Path:
    """Where the files of the next revision are written, free of what a crash left there.

    The first has the folder itself. `before` names the one that holds (`name_of`), None where there
    is none, or none that can be read: of such nothing is deleted before the next one holds.
    """
    there = (folder / TOLD).exists()
    if before is not None or not there:
        sweep(folder, () if before is None else {before})
    if not there:
        return folder
    lie = [each.name for each in folder.iterdir() if _NAME.match(each.name)]
    return folder / f"revision-{max([1, *map(_number, [*lie, before or ''])]) + 1}"


def name_of(folder: Path, root: Path) -> str:
    """What a revision that lies in `root` is called, "" for the first."""
    return "" if root == folder else root.name


def named(folder: Path, at: object) -> Path:
    """Where the revision `at` lies, "" for the first; `StoreError` for what is no revision."""
    if at == "":
        return folder
    if not isinstance(at, str) or not _NAME.match(at):
        raise StoreError(f"names no revision: {at!r:.80}", str(folder))
    return folder / at


def flush(root: Path) -> None:
    """Have the disk hold the names of all files of a revision, as `store.write` has their content.

    `StoreError`.
    """
    for folder, _, _ in os.walk(root, topdown=False):
        sync(Path(folder))
    sync(root.parent)


def sync(folder: Path) -> None:
    """Have the disk hold the names in `folder`; `StoreError`."""
    try:
        at = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(at)
        finally:
            os.close(at)
    except OSError as error:
        text = f"cannot be written: {error.strerror or error}"
        raise StoreError(text, str(folder)) from error


def drop(folder: Path, root: Path) -> None:
    """Delete a revision that was not written to its end. `StoreError`."""
    if root == folder:
        sweep(folder, ())
        with suppress(OSError):  # not empty: it holds what is not of a bundle
            folder.rmdir()
    else:
        shutil.rmtree(root, ignore_errors=True)


def sweep(folder: Path, stay: Collection[str]) -> None:
    """Delete the revisions that are not among `stay`, where "" is the first. `StoreError`."""
    try:
        old = [each for each in folder.iterdir() if _revision(each) not in (None, *stay)]
        for each in old:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    except OSError as error:
        raise StoreError(f"cannot be deleted: {error.strerror or error}", str(folder)) from error


def _revision(path: Path) -> str | None:
    """The revision that what lies in a bundle's folder is of; None for what is of none."""
    if _NAME.match(path.name):
        return path.name
    if path.name in FIRST or path.name.endswith(".part"):
        return ""
    # A detector of the first; one that a crash left may be empty yet.
    inside = {each.name for each in path.iterdir()} if path.is_dir() else {TOLD}
    return "" if inside <= {MANIFEST, ARRAYS, f"{MANIFEST}.part", f"{ARRAYS}.part"} else None


def _number(name: str) -> int:
    return int(name.rpartition("-")[2] or 1)
