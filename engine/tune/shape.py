"""Reading the parts of tuning documents, with errors that name the line and the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from engine.errors import RuleError, nearest_name
from engine.kinds import LogSource
from engine.tune.lists import KINDS, ListFile

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Part:
    """A mapping in a document, its place for errors (`suppress.0`), and what may stand in it."""

    file: str
    text: str
    place: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, file: str, text: str, place: str, data: Any, known: Iterable[str]) -> Part:
        """The part, if it is a mapping of known keys. Raises `RuleError`."""
        part = cls(file, text, place, data if isinstance(data, Mapping) else {})
        if not isinstance(data, Mapping):
            raise part.error("is no mapping", expected="a mapping")
        names = tuple(known)
        for key in data:
            if key not in names:
                raise part.error(
                    f"{str(key)[:64]!r} is not known here", key=str(key),
                    expected="one of " + ", ".join(names), nearest=nearest_name(str(key), names),
                )  # fmt: skip
        return part

    def error(
        self, message: str, *, key: str = "", expected: str | None = None,
        nearest: str | None = None,
    ) -> RuleError:  # fmt: skip
        """An error of this part, or of the value under one of its keys."""
        field = ".".join(part for part in (self.place, key) if part)
        return RuleError(
            message, file=self.file, line=self._line(key), field=field or None,
            expected=expected, nearest=nearest,
        )  # fmt: skip

    def _line(self, key: str) -> int | None:
        """The first line that looks like the key's; good enough to lead there.

        Where several keys stand in one line (`{most: 3, per: 1h}`), it is that line; where the key
        is not there at all, that of the section.
        """
        lines = self.text.splitlines()
        for wanted in (key or self.place.rpartition(".")[2], self.place.partition(".")[0]):
            start = (f"{wanted}:", f'"{wanted}"', f"'{wanted}'")
            looks = re.compile(rf"[{{,]\s*([\"']?){re.escape(wanted)}\1\s*:")
            for number, line in enumerate(lines if wanted else (), start=1):
                if line.lstrip(" -").startswith(start):
                    return number
            for number, line in enumerate(lines if wanted else (), start=1):
                if looks.search(line):
                    return number
        return None

    def string(self, key: str, *, needed: bool = False) -> str | None:
        """A text. Raises `RuleError` when it is none, or not there and `needed`."""
        value = self.data.get(key)
        if value is None and not needed:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.error("is no text" if key in self.data else "is missing", key=key,
                             expected="text")  # fmt: skip
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self.data.get(key, [])
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item for item in values):
            raise self.error("is no list of texts", key=key, expected="text, or a list of it")
        return tuple(values)

    def count(self, key: str, *, least: int = 0, most: int = 1 << 31) -> int | None:
        """A whole number within bounds."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(f"{str(value)[:40]!r} is out of range", key=key,
                             expected=f"a whole number from {least:,} to {most:,}")  # fmt: skip
        return value

    def span(self, key: str) -> timedelta:
        """A duration, longer than nothing."""
        value = str(self.data.get(key, ""))
        number, unit = value[:-1], value[-1:]
        if number.isascii() and number.isdigit() and len(number) < 9 and unit in _UNITS:
            found = timedelta(seconds=int(number) * _UNITS[unit])
            if timedelta() < found <= LONGEST:
                return found
        raise self.error(f"{value[:40]!r} is no duration" if value else "is missing", key=key,
                         expected="such as 30s, 10m, 24h or 7d, at most 366d")  # fmt: skip

    def day(self, key: str) -> date | None:
        """A date."""
        value = self.data.get(key)
        if value is None or type(value) is date:
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self.error(f"{str(value)[:40]!r} is no date", key=key,
                             expected="a date such as 2027-01-31") from error  # fmt: skip

    def source(self, key: str = "logsource") -> LogSource:
        """A log source; none is every one."""
        given = self.data.get(key, {})
        inner = Part.of(self.file, self.text, f"{self.place}.{key}".lstrip("."), given,
                        ("product", "service", "category"))  # fmt: skip
        return LogSource(*(inner.string(name) for name in ("product", "service", "category")))

    def lists(self, key: str = "lists") -> tuple[ListFile, ...]:
        """Lists in files below this one's folder, so that a text cannot reach elsewhere."""
        given = self.data.get(key, {})
        if not isinstance(given, Mapping):
            raise self.error("is no mapping", key=key, expected="a mapping of names to files")
        return tuple(self._listed(str(name), value, key) for name, value in given.items())

    def _listed(self, name: str, value: Any, key: str) -> ListFile:
        place = f"{self.place}.{key}.{name}".lstrip(".")
        part = Part.of(self.file, self.text, place, value, ("file", "type", "column"))
        file = part.string("file", needed=True) or ""
        pure = PurePosixPath(file)
        if pure.is_absolute() or ".." in pure.parts or "\x00" in file:
            raise part.error(f"{file[:80]!r} lies elsewhere", key="file",
                             expected="a path below this file's folder")  # fmt: skip
        kind = part.string("type") or KINDS[0]
        if kind not in KINDS:
            nearest = nearest_name(kind, KINDS)
            raise part.error(f"{kind[:40]!r} is not known", key="type",
                             expected="values or cidr", nearest=nearest)  # fmt: skip
        return ListFile(name, Path(self.file).parent / pure, kind, part.string("column"))
