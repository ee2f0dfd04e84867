"""Where the state of the tuning is kept: inside what it must be written together with.

That of a source lies in the source's checkpoint, that of what correlations find in their state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY = "vedette.tuning"


def with_state(holder: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """What holds the state, with the state inside."""
    return {**holder, KEY: dict(state)}


def without_state(holder: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What held it, as it was without."""
    if holder is None or KEY not in holder:
        return holder
    return {key: value for key, value in holder.items() if key != KEY}


def state_in(holder: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The state that something holds; None where it holds none."""
    found = holder.get(KEY) if holder is not None else None
    return found if isinstance(found, Mapping) else None
