"""What all parts of the configuration have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, without unknown keys; validation errors never carry the value (it may be secret)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
