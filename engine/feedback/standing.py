"""Verdicts as a run that goes on sees them: read again now and then, and put to use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from engine.errors import Problem, Report, VedetteError
from engine.feedback import threshold
from engine.feedback.tally import Tally
from engine.feedback.verdict import KIND, projected
from engine.feedback.weigh import Sure, weigh
from engine.ports import Actions, Alert, Sink, Written

EVERY = timedelta(minutes=1)
"""How old what is known of verdicts may be."""


class Standing:
    """What verdicts amount to now. `clock` says when to look again; for one thread.

    `sure` is how likely alerts are right by what was learned from verdicts, where it was.

    A store that does not answer leaves what was known in force, and is a problem
    `verdicts-unread`.
    """

    def __init__(
        self,
        actions: Actions,
        clock: Callable[[], datetime],
        report: Report,
        every: timedelta = EVERY,
        sure: Sure | None = None,
    ) -> None:
        self.sure = sure
        self.actions, self.clock, self.report, self.every = actions, clock, report, every
        self._tally = Tally()
        self._read: datetime | None = None

    def tally(self) -> Tally:
        """The verdicts that were there at most `every` ago."""
        now = self.clock()
        if self._read is None or now - self._read >= self.every:
            self._read = now
            self._look()
        return self._tally

    def _look(self) -> None:
        try:
            self._tally = Tally.of(projected(self.actions.read(kind=KIND)))
        except VedetteError as error:
            self.report(Problem("verdicts-unread", f"verdicts are as they were: {error}"))

    def moved(self, model: str, entity: str, p: float) -> float:
        """The p that is asked of an entity's windows, where a model's budget gives `p`."""
        return threshold.moved(self.tally(), model, entity, p)


class Weighed:
    """A `Sink` whose alerts are weighed by verdicts before another sink stores them."""

    def __init__(self, inner: Sink, standing: Standing) -> None:
        self.inner, self.standing = inner, standing

    def prepare(self) -> None:
        """Make the other one ready."""
        self.inner.prepare()

    def write(self, alerts: Sequence[Alert]) -> Written:
        """Weigh and store."""
        tally = self.standing.tally() if alerts else Tally()
        for alert in alerts:
            weigh(alert.document, tally, self.standing.sure)
        return self.inner.write(alerts)

    def close(self) -> None:
        """Close the other one, and what verdicts are read from."""
        self.inner.close()
        self.standing.actions.close()
