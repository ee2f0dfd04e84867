"""How a source writes its times, as somebody says it in the directives of `strptime`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from connectors.files.calendar import DAYS, MONTHS
from connectors.files.stamp import NEAR, ZONE, Stamp, stamp_of
from engine.errors import InputError

_LONG = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
         "October", "November", "December")  # fmt: skip
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})", "d": r"(?P<d> \d(?!\d)|\d{1,2})", "e": r"(?P<d> \d(?!\d)|\d{1,2})",
    "j": r"(?P<j>\d{1,3})",
    "b": rf"(?P<b>{'|'.join(MONTHS)})", "B": rf"(?P<b>{'|'.join(_LONG)})",
    "a": f"(?:{'|'.join(DAYS)})", "A": f"(?:{'|'.join(_WEEK)})",
    "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})", "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[APap][Mm])",
    "z": ZONE,
    "s": r"(?P<s>\d{1,10})",
    "%": "%",
}  # fmt: skip
"""What a directive stands for. `%f` takes one to nine digits, `%s` is seconds since 1970."""
_WHOLE = {"T": "%H:%M:%S", "F": "%Y-%m-%d", "R": "%H:%M"}
_PART = re.compile(r"%(.?)|(\s+)|([^%\s]+)")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A format such as `%d.%m.%Y %H:%M:%S`; raises InputError for one that tells no time."""

    text: str
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", _compiled(self.text))

    def __call__(self, line: str, now: datetime) -> Stamp | None:
        """The first time of this format near the beginning of the line; None without one."""
        at = 0
        while (found := self._pattern.search(line, at, 2 * NEAR)) and found.start() <= NEAR:
            if stamp := stamp_of(found, now):
                return stamp
            at = found.start() + 1
        return None


def _compiled(text: str) -> re.Pattern[str]:
    written = re.sub("%([TFR])", lambda found: _WHOLE[found[1]], text)
    parts: list[str] = []
    seen: set[str] = set()
    for directive, space, plain in _PART.findall(written):
        if space:
            parts.append(r"\s+")
        elif plain:
            parts.append(re.escape(plain))
        elif directive not in DIRECTIVES or (directive in seen and directive != "%"):
            raise InputError(
                f"%{directive} twice in a time" if directive in seen
                else f"%{directive} is no part of a time that is known",
                expected="each at most once of " + " ".join(f"%{name}" for name in DIRECTIVES),
            )  # fmt: skip
        else:
            seen.add(directive)
            parts.append(DIRECTIVES[directive])
    _tells_a_time(text, seen)
    try:
        # digits on either side would belong to another number
        return re.compile(rf"(?<!\d){''.join(parts)}(?!\d)", re.ASCII)
    except re.error as error:  # %d and %e, or %b and %B, are one group
        raise InputError(
            f"{text!r} has one part of a time twice", expected="each part once"
        ) from error


def _tells_a_time(text: str, seen: set[str]) -> None:
    day = (seen & set("de") and seen & set("mbB")) or ("j" in seen and seen & set("Yy"))
    hour = "H" in seen or {"I", "p"} <= seen
    if "s" not in seen and not (day and hour and "M" in seen):
        raise InputError(
            f"{text!r} tells no time",
            expected="a day (%d %m, or %Y %j) with %H %M, or %s; %Y may be missing",
        )
