"""The section that switches models on."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from vedette.settings.durations import Interval
from vedette.settings.section import Section
from vedette.settings.values import FilePath, Line, no_bool


class Models(Section):
    """Which models score every event beside the rules, and how many alerts that may make."""

    names: tuple[Line, ...] = Field(
        default=(), description="Names of models, as `vedette models list` shows them. Empty: none."
    )
    alerts_a_day: Annotated[float, BeforeValidator(no_bool), Field(gt=0, le=1_000_000)] = Field(
        default=5.0,
        description="Budget of anomalies a day that no rule supports, all models together.",
    )
    lateness: Interval = Field(
        default=timedelta(minutes=10),
        description=(
            "How long a window waits for events out of order; at least the longest overlap of a "
            "pipeline's sources."
        ),
    )
    hash_key_file: FilePath | None = Field(
        default=None, description="File with the key of the fields that models know as hashes."
    )
    strict: bool = Field(
        default=False, description="Refuse to start when any model cannot be loaded."
    )
