"""Reading a public set's files, with errors that name them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import InputError

LARGEST = 1 << 30
"""Bytes of one file, unpacked."""


def require(path: Path) -> Path:
    """`path`, which must exist."""
    if not path.exists():
        raise InputError(
            "is not there", file=str(path), expected="the public data, as docs/evaluation.md says"
        )
    return path


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers, plain or packed with zstandard."""
    try:
        with require(path).open("rb") as raw:
            stream: Any = _unpacked(raw) if path.suffix == ".zst" else raw
            text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace")
            for number, line in enumerate(text, 1):
                yield number, line.rstrip("\r\n")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=str(path)) from error


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """The cells of `columns` in each row of a CSV file, with the number of its line."""
    reader = csv.reader(line for _, line in lines(path))
    header = next(reader, [])
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError("lacks a column", file=str(path), line=1, field=missing[0])
    at = [header.index(name) for name in columns]
    for row in reader:
        if len(row) < len(header):
            raise InputError("has too few columns", file=str(path), line=reader.line_num)
        yield reader.line_num, [row[place] for place in at]


def members(path: Path) -> Iterator[tuple[str, str]]:
    """The text files in a zip file, by name, in the order of their names."""
    try:
        with zipfile.ZipFile(require(path)) as archive:
            infos = [info for info in archive.infolist() if info.filename.endswith(".txt")]
            if sum(info.file_size for info in infos) > LARGEST:
                raise InputError(f"holds more than {LARGEST:,} bytes", file=str(path))
            for info in sorted(infos, key=lambda info: info.filename):
                yield info.filename, archive.read(info).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot be read: {error}", file=str(path)) from error


def numbers(text: str, path: Path, line: int | None = None) -> tuple[int, ...]:
    """Whole numbers between spaces."""
    try:
        return tuple(int(word) for word in text.split())
    except ValueError as error:
        raise InputError(
            "is no list of numbers", file=str(path), line=line, expected="numbers and spaces"
        ) from error


def _unpacked(raw: BinaryIO) -> io.BufferedReader:
    import zstandard

    return io.BufferedReader(_Bounded(zstandard.ZstdDecompressor().stream_reader(raw)))


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than `LARGEST` bytes, and speaks of its own faults."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._left = inner, LARGEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        import zstandard

        try:
            got: bytes = self._inner.read(len(buffer))
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from error
        self._left -= len(got)
        if self._left < 0:
            raise OSError(f"unpacks to more than {LARGEST:,} bytes")
        buffer[: len(got)] = got
        return len(got)
