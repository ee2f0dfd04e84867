"""A folder of files that only its owner can read or write; whatever goes wrong, nothing breaks.

What others may have written is not read: a folder or file that is someone else's, or that others
may write to, is left alone, and `report` is told why.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from engine.errors import Problem, Report

KEPT = 32
"""Files of the folder; beyond that the one written longest ago goes."""

MAX_BYTES = 256 << 20
"""A file larger than this is neither written nor read."""

_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)

_TEMPORARY = ".tmp"


class CacheFolder:
    """Files by name, each whole or not there at all, whoever else reads and writes them.

    `report` is told once why the folder is not used; no method raises for what the system says.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._told = False

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None when there is none that may be believed."""
        try:
            if not self._safe(create=False):
                return None
            with os.fdopen(os.open(self._folder / name, _OPEN | _BINARY), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or not self._trusted(status, name):
                    return None
                if status.st_size > MAX_BYTES:
                    self._tell(f"{name} is too large")
                    return None
                return file.read(MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(f"{name} cannot be read: {error.strerror or error}")
            return None

    def write(self, name: str, content: bytes) -> None:
        """Put a file in the place of what has its name, at once for whoever reads it."""
        if len(content) > MAX_BYTES:
            self._tell(f"{name} would be too large")
            return
        temporary = self._folder / f"{name}.{token_hex(8)}{_TEMPORARY}"
        try:
            if not self._safe(create=True):
                return
            with os.fdopen(os.open(temporary, _CREATE | _BINARY, 0o600), "wb") as file:
                file.write(content)
            temporary.replace(self._folder / name)
            self._prune()
        except OSError as error:
            with suppress(OSError):  # that the folder cannot be written is told already
                temporary.unlink(missing_ok=True)
            self._tell(f"cannot be written: {error.strerror or error}")

    def _safe(self, *, create: bool) -> bool:
        """Whether the folder is there, and nobody else's. Raises `OSError`."""
        if create:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self._folder.mkdir(mode=0o700)
        status = self._folder.stat()
        if not stat.S_ISDIR(status.st_mode):
            self._tell("is no folder")
            return False
        return self._trusted(status, "the folder")

    def _trusted(self, status: os.stat_result, what: str) -> bool:
        if not hasattr(os, "getuid"):  # Windows: a user's profile is the user's own
            return True
        if status.st_uid != os.getuid():
            self._tell(f"{what} belongs to another user")
            return False
        if status.st_mode & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            self._tell(f"{what} is open to other users (mode {mode:o}); chmod go= makes it safe")
            return False
        return True

    def _prune(self) -> None:
        """Keep the files written last. Raises `OSError`."""
        found: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process was faster
                if stat.S_ISREG((status := path.lstat()).st_mode):
                    found.append((status.st_mtime, path))
        for _, path in sorted(found, reverse=True)[KEPT:]:
            path.unlink(missing_ok=True)

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._report(Problem("rule-cache", f"is not used: {why}", file=str(self._folder)))
