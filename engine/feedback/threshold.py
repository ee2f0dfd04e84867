"""How far verdicts move the p that a model's windows must fall to.

Scores are calibrated: of normal windows the share p is as strange as p. False alarms come in
proportion to the threshold, then, while what is truly strange lies far below it. So the odds of an
alert being true are in inverse proportion to the threshold, and to bring them from what they are
to what is wanted the threshold is multiplied by their ratio. It is bounded: people judge few
alerts, and what they never saw they could not judge.
"""

from __future__ import annotations

from engine.feedback.tally import Tally

WANTED = 0.5
"""The share of a model's alerts that should be true; also the guess before any verdict."""
LEAST, MOST = 1 / 16, 2.0
"""The bounds of what a threshold is multiplied by: a budget is the user's word, and is not to be
stretched by more than twice."""


def factor(tally: Tally, model: str, entity: str | None = None) -> float:
    """What the threshold of a model is multiplied by, in all or for one entity."""
    share = tally.precision(model, WANTED, entity)
    odds = share / (1 - share)
    return min(MOST, max(LEAST, odds / (WANTED / (1 - WANTED))))


def moved(tally: Tally, model: str, entity: str, p: float) -> float:
    """The p that is asked of an entity's windows, where a budget would ask for `p`."""
    return min(1.0, p * factor(tally, model, entity))
