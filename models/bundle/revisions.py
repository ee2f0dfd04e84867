"""Where the revisions of a bundle lie in its folder, and which of them go."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from models.errors import StoreError

FIRST = ("bundle.npz", "memory")
"""What the first revision has beside its detectors, directly in the folder."""
_NAME = re.compile(r"revision-[1-9][0-9]{0,8}\Z")


def place(folder: Path, revision: int) -> Path:
    """Where the files of a revision are written: those of the first in the folder itself."""
    return folder if revision == 1 else folder / f"revision-{revision}"


def named(folder: Path, at: object) -> Path:
    """Where the revision `at` lies, "" for the first; `StoreError` for what is no revision."""
    if at == "":
        return folder
    if not isinstance(at, str) or not _NAME.match(at):
        raise StoreError(f"names no revision: {at!r:.80}", str(folder))
    return folder / at


def sweep(folder: Path, detectors: Sequence[str], stay: Collection[str]) -> None:
    """Delete the revisions that are not among `stay`, where "" is the first.

    One that is to be written is not among them: what a crash left of it goes. `StoreError`.
    """
    old = [each for each in folder.iterdir() if _NAME.match(each.name) and each.name not in stay]
    if "" not in stay:
        old += [folder / name for name in (*FIRST, *detectors) if (folder / name).exists()]
    try:
        for each in old:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    except OSError as error:
        raise StoreError(f"cannot be deleted: {error.strerror or error}", str(folder)) from error
