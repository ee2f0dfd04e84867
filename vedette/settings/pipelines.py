"""Pipelines: which sources are read together, with which rules; and how instances share them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from engine.lease import LONGEST
from vedette.settings.durations import Interval
from vedette.settings.invalid import invalid
from vedette.settings.patterns import SOURCE_NAME
from vedette.settings.section import Section
from vedette.settings.sections import Rules

MAIN = "main"
"""The pipeline that all sources are where none is configured."""

_Name = Annotated[str, Field(pattern=SOURCE_NAME)]


class Pipeline(Section):
    """Sources that are read together, with rules, correlations and state of their own."""

    name: str = Field(pattern=SOURCE_NAME, description="Unique name; leases are under it.")
    sources: tuple[_Name, ...] = Field(
        min_length=1, description="Names of sources. Each belongs to exactly one pipeline."
    )
    rules: Rules = Field(
        default=Rules(),
        description="Its rules: keys of the section 'rules'; one that is not given is as there.",
    )

    def rules_over(self, common: Rules) -> Rules:
        """Its rules section, with the keys that it does not give from the common one."""
        own = {name: getattr(self.rules, name) for name in self.rules.model_fields_set}
        return common.model_copy(update=own)


def _sensible(value: timedelta) -> timedelta:
    if not 1 <= value.total_seconds() <= LONGEST:
        raise invalid("is out of range", "1s to 1d")
    return value


class Instances(Section):
    """How several instances of Vedette share the pipelines of one namespace."""

    ttl: Annotated[Interval, AfterValidator(_sensible)] = Field(
        default=timedelta(seconds=15),
        description="How long an instance may be silent before others take over what it does.",
    )


def planned(pipelines: tuple[Pipeline, ...], sources: Iterable[str]) -> tuple[Pipeline, ...]:
    """The pipelines that are configured, or the one that all sources are; none without any."""
    names = tuple(sources)
    return pipelines or ((Pipeline(name=MAIN, sources=names),) if names else ())
