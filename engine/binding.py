"""One way in which the events of a rule's log source reach us."""

from __future__ import annotations

from dataclasses import dataclass

from engine.match.expression import And, Expression


@dataclass(frozen=True, slots=True)
class Binding:
    """One way a rule's events reach us.

    `route` depends on the log source alone; the binding matches an event when `route` and `body`
    both hold.
    """

    name: str
    route: Expression
    body: Expression

    @property
    def expression(self) -> Expression:
        """The whole condition."""
        return And((self.route, self.body))
