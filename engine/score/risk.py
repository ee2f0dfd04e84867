"""How grave an anomaly is, alone and with the rules that matched in its window.

An anomaly alone says only that something is strange: at its threshold that is of level medium, a
hundred times beyond it high, and short of it (where only rules made it an alert) low. Its risk and
those of the rules are joined as if each were the chance that it matters, independent of the others
(noisy-or): 1 - (1 - a)(1 - b)... The levels' risks are those of `engine.alert.RISK`; what is joined
has the highest level whose risk it reaches.
"""

from __future__ import annotations

import math

from engine.alert import RISK
from engine.level import LEVELS
from engine.score.anomaly import Anomaly

FAR = 100.0
"""An anomaly whose p is so many times below the threshold is of level high."""

MOST = RISK["critical"]


def alone(anomaly: Anomaly) -> str:
    """The level of the anomaly without any rule."""
    if not anomaly.strange:
        return "low"
    far = anomaly.scored.log_p <= math.log(anomaly.threshold / FAR)
    return "high" if far else "medium"


def joined(anomaly: Anomaly) -> float:
    """The risk score of the anomaly with the rules of level low and above, 0 to 99."""
    risks = [RISK[alone(anomaly)], *(RISK[hit.level] for hit in anomaly.corroborating)]
    left = math.prod(1 - risk / 100 for risk in risks)
    return round(min(100 * (1 - left), MOST), 1)


def level_of(risk: float) -> str:
    """The highest level whose risk score this reaches."""
    return max((each for each in LEVELS if RISK[each] <= risk), key=LEVELS.index, default=LEVELS[0])
