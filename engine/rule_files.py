"""Which files under a path are rule files, and what stands in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import InputError, RuleError

SUFFIXES = (".yml", ".yaml")

MAX_BYTES = 1 << 20
"""A rule file larger than this is refused unread."""


HUNTS = "hunts"
"""The folder below a folder of rules whose files are hunts and no rules."""

_PIECE = 1 << 16


def rule_files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each rule file once, sorted within its folder, with the name of its rule set.

    What lies in a folder `hunts` below is left to `hunt_files`, unless it is given itself. A folder
    below that cannot be listed stands for its files: who reads it learns why. Raises
    `InputError` for a path that does not exist.
    """
    seen: set[str] = set()
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder of rules", file=str(path))
        whole = path.resolve()
        ruleset = whole.name if path.is_dir() else whole.parent.name
        found = _below(path, whole) if path.is_dir() else [(path, str(whole))]
        for file, resolved in found:
            if resolved not in seen and not _is_no_rule(file, path):
                seen.add(resolved)
                yield file, ruleset


def hunt_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Each hunt file once, sorted within its folder. Raises `InputError` for a missing path."""
    seen: set[str] = set()
    for path in paths:
        if not path.exists():
            raise InputError("no such file or folder of hunts", file=str(path))
        whole = path.resolve()
        for file, resolved in _below(path, whole) if path.is_dir() else [(path, str(whole))]:
            if resolved not in seen:
                seen.add(resolved)
                yield file


def read_rule_file(file: Path) -> bytes:
    """The bytes of a rule file. Raises `RuleError`."""
    try:
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 # half the time of Path.open
            raw = opened.read(min(os.fstat(opened.fileno()).st_size, MAX_BYTES) + 1)
            while (more := opened.read(_PIECE)) and len(raw) <= MAX_BYTES:
                raw += more
    except OSError as error:
        reason = error.strerror or str(error)
        if file.is_dir():
            reason = "folder cannot be listed"
        raise RuleError(f"cannot be read: {reason}", file=str(file)) from error
    if len(raw) > MAX_BYTES:
        raise RuleError("is too long", file=str(file), expected=f"at most {MAX_BYTES:,} bytes")
    return raw


def _below(root: Path, whole: Path) -> list[tuple[Path, str]]:
    """The rule files below a folder with their real paths, sorted; no link to a folder is followed.

    To ask the system for every file's real path would take longer than to read them all.
    """
    found: list[tuple[tuple[str, ...], Path, str]] = []
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        folder = root.joinpath(*parts)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    below = (*parts, entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(below)
                    elif os.path.splitext(entry.name)[1] in SUFFIXES:  # noqa: PTH122 # a name
                        file = folder / entry.name
                        if entry.is_symlink():
                            real = file.resolve() if file.is_file() else None
                        else:
                            real = whole.joinpath(*below) if entry.is_file() else None
                        if real:
                            found.append((below, file, str(real)))
        except FileNotFoundError:
            continue  # it went away since its name was read: it has no rules any more
        except OSError:
            found.append((parts, folder, str(folder)))
    return [(file, real) for _, file, real in sorted(found, key=lambda item: item[0])]


def _is_no_rule(file: Path, root: Path) -> bool:
    """A hunt, or what SigmaHQ keeps beside its rules: `info.yml`, of recorded test events."""
    folders = file.relative_to(root).parts[:-1]
    return HUNTS in folders or (file.name == "info.yml" and "regression_data" in folders)
