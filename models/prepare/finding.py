"""What is wrong with data, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.errors import DataError


class Severity(StrEnum):
    """Whether figures on such data say nothing, or less than they seem to."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `name` is fixed, `text` says it with its figures."""

    name: str
    severity: Severity
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def refuse(findings: Iterable[Finding], allow: Iterable[str] = ()) -> list[Finding]:
    """The warnings among `findings`; `DataError` names all others, unless `allow` names them."""
    allowed = set(allow)
    kept = list(findings)
    bad = [each for each in kept if each.severity is Severity.REFUSE and each.name not in allowed]
    if bad:
        raise DataError("; ".join(map(str, bad)))
    return kept
