"""`vedette gaps`: the ledger's notes as rows, each gap with what became of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

from engine.ledger import Gap, Note, gaps
from engine.moment import iso
from vedette.said import said

COLUMNS = (
    "time", "source", "kind", "state", "start", "end", "count", "subject", "reason",
    "changed", "outcome", "id",
)  # fmt: skip
SHOWN = ("time", "source", "kind", "state", "start", "end", "count", "what")
"""What a table has of them; `what` is subject, reason and outcome."""

Wanted = Literal["open", "filled"]

log = logging.getLogger("vedette.run")


def tell_gap(source: str, gap: Gap) -> None:
    """Say in the log that a run fills a gap, has filled it, or has given it up."""
    note = gap.note
    span = " to ".join(iso(time) for time in (note.start, note.end) if time is not None)
    words = {"filling": f"is filled now: {note.reason}"}
    log.log(
        logging.ERROR if gap.state == "abandoned" else logging.INFO,
        "source %s: gap (%s) from %s: %s", source, note.kind, span,
        words.get(gap.state, f"{gap.state}: {gap.last.reason}"),
        extra=said("gap", vedette__source=source),
    )  # fmt: skip


def rows(
    notes: Iterable[Note], *, since: datetime | None = None, wanted: Wanted | None = None
) -> Iterator[dict[str, Any]]:
    """A row for each note, in the order of time.

    `since` is a time of writing, of the note or of its last change. Of gaps alone, `open` are
    those that wait or are being filled, `filled` those that are.
    """
    for gap in gaps(notes):
        changed = gap.last.time or gap.note.time
        if since is not None and (changed is None or changed < since):
            continue
        if wanted == "open" and gap.state not in ("open", "filling"):
            continue
        if wanted == "filled" and gap.state != "filled":
            continue
        yield _row(gap)


def _row(gap: Gap) -> dict[str, Any]:
    note, last = gap.note, gap.last
    outcome = last.reason if last is not note else ""
    what = "; ".join(text for text in (note.subject, note.reason, outcome) if text)
    return {
        "time": _text(note.time),
        "source": note.source,
        "kind": note.kind,
        "state": gap.state,
        "start": _text(note.start),
        "end": _text(note.end),
        "count": note.count,
        "subject": note.subject,
        "reason": note.reason,
        "changed": _text(last.time) if last is not note else None,
        "outcome": outcome,
        "id": gap.id,
        "what": what,
    }


def _text(time: datetime | None) -> str | None:
    if time is None:
        return None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
