"""Lists of values or of networks in files of their own, one a line or in a column of a CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from engine.errors import RuleError
from engine.match.pattern import fold
from engine.match.predicates import OneField, Scalar, as_address, as_text

MAX_BYTES = 256 << 20
"""A list file larger than this is refused."""

KINDS = ("values", "cidr")

Networks = Mapping[tuple[int, int], frozenset[int]]
"""IP version and prefix length → the networks of that length, each by its leading bits."""


@dataclass(frozen=True, slots=True)
class InList(OneField):
    """The value is in a list: as a whole, or as an address of one of its networks.

    A look takes as long whatever the length of the list.
    """

    name: str
    values: frozenset[str] = field(default=frozenset(), repr=False)
    networks: Networks = field(default_factory=dict, repr=False, hash=False)

    def accepts(self, value: Scalar) -> bool:
        """Whether it is in the list."""
        if fold(as_text(value)) in self.values:
            return True
        address = as_address(value) if self.networks else None
        if address is None:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        forms = [address] if mapped is None else [address, mapped]
        return any(
            int(form) >> (form.max_prefixlen - length) in found
            for form in forms
            for (version, length), found in self.networks.items()
            if version == form.version
        )

    def __len__(self) -> int:
        return len(self.values) + sum(len(found) for found in self.networks.values())

    def __str__(self) -> str:
        return f"in the list {self.name!r}"


@dataclass(frozen=True, slots=True)
class ListFile:
    """Where a list is: `column` names one of a CSV's, by default its first, without a heading."""

    name: str
    path: Path
    kind: str = "values"
    column: str | None = None

    def look(self) -> tuple[int, ...]:
        """What tells that the file was changed, without reading it; empty when it is not there."""
        try:
            status = self.path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

    def read(self) -> InList:
        """The list as the file has it now. Raises `RuleError` with file and line."""
        rows = self._csv() if self.path.suffix.lower() == ".csv" else self._lines()
        if self.kind == "values":
            return InList(self.name, frozenset(fold(text) for _, text in rows))
        networks: dict[tuple[int, int], set[int]] = {}
        for line, text in rows:
            try:
                network = ip_network(text, strict=False)
            except ValueError as error:
                raise RuleError(
                    f"{text[:80]!r} is no network", file=str(self.path), line=line,
                    expected="a CIDR range such as 10.0.0.0/8, or an address",
                ) from error  # fmt: skip
            bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            networks.setdefault((network.version, network.prefixlen), set()).add(bits)
        return InList(self.name, networks={key: frozenset(v) for key, v in networks.items()})

    def _text(self) -> str:
        try:
            with self.path.open("rb") as file:
                raw = file.read(min(os.fstat(file.fileno()).st_size, MAX_BYTES) + 1)
                raw += file.read(1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise RuleError(f"cannot be read: {reason}", file=str(self.path)) from error
        if len(raw) > MAX_BYTES:
            expected = f"at most {MAX_BYTES:,} bytes"
            raise RuleError("is too long", file=str(self.path), expected=expected)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise RuleError("is not UTF-8 text", file=str(self.path), line=line) from error

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Each line that says something; `#` at its start makes it a comment."""
        for number, line in enumerate(self._text().splitlines(), start=1):
            if (text := line.strip()) and not text.startswith("#"):
                yield number, text

    def _csv(self) -> Iterator[tuple[int, str]]:
        rows = csv.reader(self._text().splitlines(keepends=True))
        place = 0
        try:
            if self.column is not None:
                heading = [name.strip() for name in next(rows, [])]
                if self.column not in heading:
                    raise RuleError(
                        f"has no column {self.column!r}", file=str(self.path), line=1,
                        expected=f"one of {', '.join(heading)}"[:200],
                    )  # fmt: skip
                place = heading.index(self.column)
            for row in rows:
                if len(row) > place and (text := row[place].strip()) and not text.startswith("#"):
                    yield rows.line_num, text
        except csv.Error as error:
            line = rows.line_num
            raise RuleError(f"is not CSV: {error}", file=str(self.path), line=line) from error
