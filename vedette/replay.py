"""`vedette replay`: alerts in the dead-letter store, written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import InputError
from engine.fill import change
from engine.ledger import Gap, Ledger, Note, gaps
from engine.letter import Letter, Letters
from engine.ports import Sink

COLUMNS = ("id", "time", "state", "rule", "reason", "outcome")
KIND = "dead-letter"


@dataclass(frozen=True, slots=True)
class Replay:
    """The letters, where they are to be written, and the ledger that says what became of them."""

    box: Letters
    sink: Sink
    ledger: Ledger
    clock: Callable[[], datetime]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every letter with its state: `open`, `filled` once it was replayed, or `abandoned`."""
        known = self._known()
        for letter in self.box.letters():
            yield row(letter, known.get(letter.id))

    def run(self, ids: Sequence[str], *, dry: bool = False) -> Iterator[dict[str, Any]]:
        """Write letters anew, those of some ids or all that are open; a row for each.

        Raises `InputError` for an id that is no letter's, before anything is written.
        """
        known = self._known()
        letters = {letter.id: letter for letter in self.box.letters()}
        for id in ids:
            if id not in letters:
                raise InputError(f"no dead letter {id!r}", expected="an id that the list shows")
        wanted = [letters[id] for id in dict.fromkeys(ids)] if ids else list(letters.values())
        for letter in wanted:
            gap = known.get(letter.id)
            if not ids and gap is not None and gap.state in ("filled", "abandoned"):
                continue
            if dry:
                outcome = "would be written" if letter.alert else "cannot be written: cut off"
                yield {**row(letter, gap), "outcome": outcome}
            else:
                gap = gap or self._noted(letter)
                self._written(letter, gap)
                yield row(letter, gap)

    def _written(self, letter: Letter, gap: Gap) -> None:
        alert = letter.renewed(self.clock())
        if alert is None:
            text = "what was kept is cut off; evaluating its window again makes the alert anew"
            change(self.ledger, gap, "abandoned", text)
            return
        written = self.sink.write([alert])
        if written.dead:
            change(self.ledger, gap, "open", "refused again")
        else:
            text = "written anew" if written.created else "was already there"
            change(self.ledger, gap, "filled", text)

    def _noted(self, letter: Letter) -> Gap:
        """The gap of a letter that is older than the ledger."""
        reason = "the store refused the alert for good, and keeps it as a dead letter"
        note = Note(KIND, "", count=1, reason=reason, subject=letter.id, state="open")
        self.ledger.record([note])
        return Gap(note, note)

    def _known(self) -> dict[str, Gap]:
        found = gaps(self.ledger.notes(gaps=True))
        return {gap.note.subject: gap for gap in found if gap.note.kind == KIND}


def row(letter: Letter, gap: Gap | None) -> dict[str, Any]:
    """A letter as facts."""
    document = letter.alert.document if letter.alert else {}
    rule = document.get("rule")
    changed = gap is not None and gap.last is not gap.note
    return {
        "id": letter.id,
        "time": letter.time.isoformat().replace("+00:00", "Z") if letter.time else None,
        "state": gap.state if gap else "open",
        "rule": rule.get("name") if isinstance(rule, dict) else None,
        "reason": letter.error,
        "outcome": gap.last.reason if gap and changed else "",
    }
