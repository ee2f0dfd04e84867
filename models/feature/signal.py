"""Numbers that an event says of itself, beside what kind it is: its level, the value of a counter.

A signal has a name, `level` or `counter:FIELD`; what an event does not say is `ABSENT`, which no
signal can be.
"""

from __future__ import annotations

from typing import TypeAlias

LEVEL = "level"
"""The place of an event's level in `models.feature.levels.LEVELS`."""
COUNTER = "counter:"
"""What the name of a signal begins with that is a field's value."""
ABSENT = -1.0

Signals: TypeAlias = tuple[float, ...]
"""One number for each signal that is asked for."""
