"""What a rule may ask of a value: one small class for each kind of Sigma value.

Semantics, where engines disagree (each has a case under `tests/cases/match/`):

- a null value and a missing field are the same thing, an empty string is neither;
- text compares without regard to case (`fold` on both sides) unless `cased`;
- a number and the same number as text are equal, `1` and `1.0` too;
- a regular expression is searched anywhere in the value, and case counts unless `|i`.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol

from engine.match.pattern import Pattern, Regex, fold
from engine.moment import parse_time

Scalar = str | int | float | bool


class Values(Protocol):
    """What a predicate may see of an event: the values of any field."""

    def values(self, field: str) -> tuple[Scalar, ...]:
        """The field's values without nulls; empty when missing or null."""
        ...


class Predicate(Protocol):
    """A question to a field's values."""

    def holds(self, values: tuple[Scalar, ...], event: Values, /) -> bool:
        """Whether the values (nulls left out; empty = the field is missing) satisfy it."""
        ...

    def other_fields(self) -> tuple[str, ...]:
        """Fields read besides the one it is asked of."""
        ...


def as_text(value: Scalar) -> str:
    """A value as the text that rules compare with: `true`, `5`, `2.5`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_BEGINS_A_NUMBER = "0123456789+-."


def as_number(value: Scalar) -> float | int | None:
    """A value as a number, or None when it is not one; hexadecimal text is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    text = value.strip()
    if text[:1] not in _BEGINS_A_NUMBER:  # most texts do not, and to fail below takes long
        return None
    if not text.isascii() or "_" in text:  # Python's own spellings, `1_000`, are no one else's
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def as_address(value: Scalar) -> IPv4Address | IPv6Address | None:
    """A text as an address without its zone, or None when it is not one."""
    if not isinstance(value, str):
        return None
    try:
        return ip_address(value.strip().partition("%")[0])
    except ValueError:
        return None


class OneField(ABC):
    """A predicate that reads no other field: it holds when it accepts any of the values."""

    __slots__ = ()

    def holds(self, values: tuple[Scalar, ...], _event: Values, /) -> bool:
        """Whether any value is accepted."""
        return any(self.accepts(value) for value in values)

    @abstractmethod
    def accepts(self, value: Scalar) -> bool:
        """Whether this one value satisfies it."""

    def other_fields(self) -> tuple[str, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Text(OneField):
    """Text with Sigma wildcards, `*` and `?`."""

    pattern: Pattern

    def accepts(self, value: Scalar) -> bool:
        """The whole value fits the pattern."""
        return self.pattern.matches(as_text(value))

    def __str__(self) -> str:
        return str(self.pattern)


@dataclass(frozen=True, slots=True)
class Matches(OneField):
    """A regular expression."""

    regex: Regex

    def accepts(self, value: Scalar) -> bool:
        """The expression is found somewhere in it."""
        return self.regex.search(as_text(value))

    def __str__(self) -> str:
        return f"matches /{self.regex.source}/"


@dataclass(frozen=True, slots=True)
class Number(OneField):
    """Equality with a number."""

    number: int | float

    def accepts(self, value: Scalar) -> bool:
        """It is this number, as a number or as text."""
        return as_number(value) == self.number

    def __str__(self) -> str:
        return f"= {self.number}"


@dataclass(frozen=True, slots=True)
class Boolean(OneField):
    """Equality with true or false."""

    boolean: bool

    def accepts(self, value: Scalar) -> bool:
        """It is this boolean, or its name in any case."""
        return as_text(value).lower() == ("true" if self.boolean else "false")

    def __str__(self) -> str:
        return f"= {str(self.boolean).lower()}"


@dataclass(frozen=True, slots=True)
class Exists:
    """The field has a value that is not null (or, with `wanted=False`, has none)."""

    wanted: bool

    def holds(self, values: tuple[Scalar, ...], _event: Values, /) -> bool:
        """There is a value, or there is none."""
        return bool(values) is self.wanted

    def other_fields(self) -> tuple[str, ...]:
        """None."""
        return ()

    def __str__(self) -> str:
        return "has a value" if self.wanted else "is missing or null"


@dataclass(frozen=True, slots=True)
class InNetwork(OneField):
    """An address inside a CIDR range; an IPv4 address mapped into IPv6 counts as IPv4."""

    network: IPv4Network | IPv6Network

    def accepts(self, value: Scalar) -> bool:
        """It is an address of the network."""
        address = as_address(value)
        return address is not None and self.has(address)

    def has(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether the network has the address."""
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None and self.network.version == 4:
            address = mapped
        return address.version == self.network.version and address in self.network

    def __str__(self) -> str:
        return f"in {self.network}"


@dataclass(frozen=True, slots=True)
class Compare(OneField):
    """A numeric comparison; text that is a number is compared as one."""

    symbol: str
    number: int | float
    operate: Callable[[Any, Any], bool] = field(compare=False, repr=False)

    @classmethod
    def of(cls, symbol: str, number: int | float) -> Compare:
        """Build from `<`, `<=`, `>`, `>=` or `!=`."""
        operators: dict[str, Callable[[Any, Any], bool]] = {
            "<": operator.lt,
            "<=": operator.le,
            ">": operator.gt,
            ">=": operator.ge,
            "!=": operator.ne,
        }
        return cls(symbol, number, operators[symbol])

    def accepts(self, value: Scalar) -> bool:
        """It is a number that compares so."""
        number = as_number(value)
        return number is not None and self.operate(number, self.number)

    def __str__(self) -> str:
        return f"{self.symbol} {self.number}"


@dataclass(frozen=True, slots=True)
class SameAs:
    """Equality with, or a prefix, suffix or part from, another field (`fieldref`)."""

    other: str
    starts: bool = False
    ends: bool = False

    def holds(self, values: tuple[Scalar, ...], event: Values, /) -> bool:
        """Any value stands so to any value of the other field, without regard to case."""
        mine = [fold(as_text(value)) for value in values]
        theirs = [fold(as_text(value)) for value in event.values(self.other)]
        return any(self._compare(a, b) for a in mine for b in theirs)

    def _compare(self, mine: str, theirs: str) -> bool:
        if self.starts and self.ends:
            return theirs in mine
        if self.starts:
            return mine.startswith(theirs)
        if self.ends:
            return mine.endswith(theirs)
        return mine == theirs

    def other_fields(self) -> tuple[str, ...]:
        """The field compared with."""
        return (self.other,)

    def __str__(self) -> str:
        how = {
            (True, True): "contains the value of",
            (True, False): "starts with the value of",
            (False, True): "ends with the value of",
            (False, False): "equals the value of",
        }[(self.starts, self.ends)]
        return f"{how} {self.other}"


@dataclass(frozen=True, slots=True)
class TimePart(OneField):
    """A part of a time (`minute`, `hour`, `day`, `week` (ISO), `month`, `year`), in UTC."""

    part: str
    number: int

    def accepts(self, value: Scalar) -> bool:
        """It is a time that has this part."""
        time = parse_time(value)
        return time is not None and self._part(time) == self.number

    def _part(self, time: datetime) -> int:
        if self.part == "week":
            return time.isocalendar().week
        part: int = getattr(time, self.part)
        return part

    def __str__(self) -> str:
        return f"has {self.part} {self.number}"
