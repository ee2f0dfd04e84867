"""Alerts that were stored, put into the incidents of a store.

A batch's alerts are stored first, then grouped, and only then does its checkpoint move: after a
crash both come again, and an alert that is in an incident already changes nothing. What a store
refuses (another instance was there first) is read and grouped again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.errors import Problem, Report, VedetteError
from engine.incident.finding import Finding, finding_of
from engine.incident.group import assign, span_of, ties
from engine.incident.incident import Incident
from engine.incident.rank import Rarity, standing
from engine.incident.record import document_of, incident_of
from engine.incident.step import Proposes
from engine.ports import Alert, Incidents, Kept, Sink, Written

TRIES = 10
"""How often a batch is grouped again where others write to the same incidents."""
WAITING = 10_000
"""Findings that wait for a store that does not answer; more are told of and left out."""
REMEMBERED = timedelta(days=30)
"""How far back rules and techniques are counted to know which are rare."""
FAILED = "incidents-unwritten"


class Keeper:
    """Puts findings into a store's incidents. Raises `VedetteError` where that does not answer."""

    def __init__(self, store: Incidents, namespace: str, clock: Callable[[], datetime]) -> None:
        self.store, self.namespace, self.clock = store, namespace, clock
        self._rarity: Rarity | None = None

    def take(self, findings: Sequence[Finding]) -> None:
        """Group some findings, and store every incident that this changes."""
        refused: set[str] = set()
        for _ in range(TRIES):
            if not (again := self._take(findings, refused)):
                return
            refused.update(again)
        raise VedetteError(f"incidents were changed by others {TRIES} times in a row")

    def _take(self, findings: Sequence[Finding], refused: set[str]) -> Sequence[str]:
        """Store what changes; the ids of those that another wrote meanwhile.

        Those that were `refused` before are read by their ids: what a finding without any entity
        began is found by nothing else.
        """
        keys = [str(entity) for entity in ties(findings)]
        near = self.store.find(keys, *span_of(findings))
        found = {str(each.document["id"]): each for each in near}
        found |= {id: kept for id in sorted(refused) if (kept := self.store.get(id))}
        known = [incident_of(each.document) for each in found.values()]
        changed = assign(findings, known, self.namespace)
        rarity = self._rare()
        for incident in changed:
            rarity.renew(incident)
        # what went into another is told first, and all of it: a crash between leaves what the
        # other can take up, and nothing is taken up that has changed since it was read
        for part in (True, False):
            some = [i for i in changed if (i.merged_into is not None) is part]
            told = [
                Kept(self._document(i, rarity), found[i.id].version if i.id in found else None)
                for i in some
            ]
            if told and (again := self.store.put(told)):
                return again
        return ()

    def _document(self, incident: Incident, rarity: Rarity) -> dict[str, Any]:
        return document_of(incident, standing(incident, rarity), self.namespace, self.clock())

    def _rare(self) -> Rarity:
        if self._rarity is None:
            rarity = Rarity()
            for document in self.store.all(self.clock() - REMEMBERED):
                rarity.renew(incident_of(document))
            self._rarity = rarity
        return self._rarity


class Gathered:
    """A `Sink` whose alerts are put into incidents once another sink has stored them.

    Alerts matter more than their grouping: where the incidents' store does not answer that is a
    problem `incidents-unwritten`, alerts go on, and the findings wait for the next batch.
    """

    def __init__(
        self, inner: Sink, keeper: Keeper, report: Report, proposes: Proposes | None = None
    ) -> None:
        """`proposes` says what else rules may be about than their tags say."""
        self.inner, self.keeper, self.report = inner, keeper, report
        self.proposes = proposes
        self._waiting: list[Finding] = []

    def prepare(self) -> None:
        """Make the other one ready, and the incidents' store where it may be."""
        self.inner.prepare()
        try:
            self.keeper.store.prepare()
        except VedetteError as error:
            self.report(Problem(FAILED, f"incidents cannot be kept: {error}"))

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Store, then group what was stored."""
        written = self.inner.write(alerts)
        dead = set(written.dead_ids)
        found = (
            finding_of(alert.document, self.proposes) for alert in alerts if alert.id not in dead
        )
        self._group([finding for finding in found if finding is not None])
        return written

    def _group(self, findings: list[Finding]) -> None:
        waiting = [*self._waiting, *findings]
        if not waiting:
            return
        try:
            self.keeper.take(waiting)
        except VedetteError as error:
            left = max(0, len(waiting) - WAITING)
            self._waiting = waiting[left:]
            lost = f", {left:,} are left out" if left else ""
            text = f"{len(self._waiting):,} alerts wait to be grouped{lost}: {error}"
            self.report(Problem(FAILED, text))
        else:
            self._waiting = []

    def close(self) -> None:
        """Close the other one and the incidents' store."""
        self.inner.close()
        self.keeper.store.close()
