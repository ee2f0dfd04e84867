"""What a stored checkpoint tells people of how far its source has been read.

A checkpoint is its source's own; only here, beside the sources, is it looked into, and one that
cannot be understood is told as such instead of raising.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.ports import Checkpoint


@dataclass(frozen=True, slots=True)
class Progress:
    """`mark` is the time up to which a search source was read; `words` say it for any source."""

    mark: datetime | None
    words: str


def progress(checkpoint: Checkpoint | None) -> Progress:
    """How far a checkpoint got."""
    if checkpoint is None:
        return Progress(None, "not read yet")
    files = checkpoint.get("files")
    if isinstance(files, list):
        gone = sum(1 for each in files if isinstance(each, Mapping) and each.get("gone"))
        more = f", {gone:,} of them gone" if gone else ""
        return Progress(None, f"{len(files):,} files{more}")
    if "mark" in checkpoint:
        mark = checkpoint["mark"]
        found = from_ms(mark) if isinstance(mark, int) and not isinstance(mark, bool) else None
        if found:
            return Progress(found, f"up to {found:%Y-%m-%d %H:%M:%S}")
        return Progress(None, "no event yet")
    return Progress(None, "of a kind that this version does not know")


def from_ms(number: int) -> datetime | None:
    """A time given in milliseconds since 1970; None where no calendar reaches."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    except OverflowError:
        return None
