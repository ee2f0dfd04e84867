"""The whole configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, model_validator

from vedette.settings.cluster import Cluster
from vedette.settings.conflicts import find_conflicts
from vedette.settings.invalid import invalid
from vedette.settings.metrics import Metrics
from vedette.settings.models import Models
from vedette.settings.patterns import NAMESPACE
from vedette.settings.pipelines import Instances, Pipeline, planned
from vedette.settings.section import Section
from vedette.settings.sections import Attack, Hunts, Log, Output, Rules, State, Tuning
from vedette.settings.sources import SourceSettings

EMBEDDED_SOURCE = {"type": "folder", "name": "inbox", "path": "inbox"}
"""What is read when nothing is configured: the embedded default."""


class Settings(Section):
    """Vedette's configuration (vedette.yml, then VEDETTE_… variables)."""

    namespace: str = Field(
        default="default",
        pattern=NAMESPACE,
        description="Part of index names and alert ids; keeps installations apart.",
    )
    rules: Rules = Field(default=Rules(), description="The Sigma rules that are loaded.")
    tuning: Tuning = Field(
        default=Tuning(), description="What of the rules' matches makes an alert."
    )
    hunts: Hunts = Field(default=Hunts(), description="The hunts that run on their schedules.")
    models: Models = Field(
        default=Models(), description="Models that score every event beside the rules."
    )
    attack: Attack = Field(default=Attack(), description="The ATT&CK version that alerts speak.")
    state: State = Field(default=State(), description="Where local state is kept.")
    cluster: Cluster | None = Field(
        default=None, description="The Elasticsearch or OpenSearch cluster, if there is one."
    )
    sources: tuple[SourceSettings, ...] = Field(
        default=(),
        description=(
            "Where events come from. Default: without a cluster, the folder inbox beside the file."
        ),
    )
    pipelines: tuple[Pipeline, ...] = Field(
        default=(),
        description=(
            "Sources that are read together, with rules of their own. "
            "Default: all sources are one pipeline, 'main'."
        ),
    )
    instances: Instances = Field(
        default=Instances(), description="How several instances share the work."
    )
    output: Output = Field(default=Output(), description="Where alerts and checkpoints go.")
    metrics: Metrics = Field(default=Metrics(), description="Figures of a run for Prometheus.")
    log: Log = Field(default=Log(), description="What Vedette says about its own work.")

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, data: object, info: ValidationInfo) -> object:
        return derive(data, (info.context or {}).get("environ", os.environ))

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        for conflict in find_conflicts(self.model_dump()):
            raise invalid(f"{conflict.field}: {conflict.message}", conflict.expected)
        return self

    @property
    def store(self) -> str:
        """The store in use, 'cluster' or 'sqlite' (`output.store` with 'auto' decided)."""
        if self.output.store != "auto":
            return self.output.store
        return "sqlite" if self.cluster is None else "cluster"

    @property
    def plan(self) -> tuple[Pipeline, ...]:
        """The pipelines that run; all sources are one where none is configured."""
        return planned(self.pipelines, (source.name for source in self.sources))


def derive(data: object, environ: Mapping[str, str]) -> object:
    """Fill in the defaults that depend on the environment or on other values."""
    if not isinstance(data, Mapping):
        return data
    filled: dict[str, Any] = dict(data)
    folder = _default(filled, "state", "dir", str(state_folder(environ)))
    if isinstance(folder, str | Path):
        _default(filled, "output", "sqlite", Path(folder) / "vedette.sqlite")
    if filled.get("cluster") is None:
        filled.setdefault("sources", [EMBEDDED_SOURCE])
    return filled


def state_folder(environ: Mapping[str, str]) -> Path:
    """The user's state folder of this program."""
    base = environ.get("XDG_STATE_HOME", "")
    # The XDG specification has relative paths ignored.
    return (Path(base) if base.startswith("/") else Path("~/.local/state")) / "vedette"


def _default(filled: dict[str, Any], section: str, key: str, value: object) -> object:
    """Set one key of a section unless it is there, and say what it is now."""
    content = filled.get(section, {})
    if isinstance(content, Section):
        return getattr(content, key, None)
    if not isinstance(content, Mapping):
        return None
    filled[section] = {key: value, **content}
    return filled[section][key]
