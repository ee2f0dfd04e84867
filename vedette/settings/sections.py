"""The small sections: rules, hunts, ATT&CK, state, output and log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from vedette.settings.durations import Interval, IntervalOrOff
from vedette.settings.section import Section
from vedette.settings.values import FilePath, Line, no_bool

Level = Literal["informational", "low", "medium", "high", "critical"]
Status = Literal["stable", "test", "experimental", "deprecated", "unsupported"]


class Rules(Section):
    """Which Sigma rules are loaded."""

    paths: tuple[FilePath, ...] = Field(
        default=(), description="Files and folders of Sigma rules. Empty: Vedette's own rules."
    )
    exclude: tuple[Line, ...] = Field(
        default=(), description="Ids or titles of rules that are left out."
    )
    min_level: Level = Field(
        default="informational", description="The lowest rule level that is loaded."
    )
    status: tuple[Status, ...] = Field(
        default=(), description="Only rules of these statuses. Empty: all."
    )
    tags: tuple[Line, ...] = Field(
        default=(), description="Only rules with one of these tags. Empty: all."
    )
    strict: bool = Field(
        default=False, description="Refuse to start when any rule cannot be loaded."
    )
    pipelines: tuple[FilePath, ...] = Field(
        default=(), description="pySigma processing pipelines (YAML), applied in this order."
    )
    reload: IntervalOrOff = Field(
        default=timedelta(seconds=1),
        description="Pause from one look for changed rules to the next, or off.",
    )
    cache: bool = Field(
        default=True, description="Keep compiled rules in the user's cache folder between starts."
    )


class Tuning(Section):
    """What of the rules' matches makes an alert, and what is changed in alerts."""

    exceptions: tuple[FilePath, ...] = Field(
        default=(), description="Files and folders of exceptions, besides those among the rules."
    )
    files: tuple[FilePath, ...] = Field(
        default=(),
        description="Tuning files: suppression, overrides, caps and building blocks.",
    )
    cap: Annotated[int, BeforeValidator(no_bool), Field(ge=0)] = Field(
        default=1000,
        description="Most alerts of one rule in a cap_period of a source's events. 0: no cap.",
    )
    cap_period: Interval = Field(
        default=timedelta(hours=1), description="The period that alerts are counted by."
    )


class Hunts(Section):
    """Which hunts run on their schedules."""

    paths: tuple[FilePath, ...] = Field(
        default=(), description="Files and folders of hunts. Empty: none is run."
    )
    exclude: tuple[Line, ...] = Field(
        default=(), description="Ids or titles of hunts that are left out."
    )
    catch_up: Interval = Field(
        default=timedelta(days=1),
        description="How long ago a window may have ended and still be run after a downtime.",
    )


class Attack(Section):
    """Which MITRE ATT&CK version alerts speak."""

    version: Annotated[Literal[18, 19], BeforeValidator(no_bool)] = Field(
        default=19, description="The ATT&CK version of tactics and techniques in alerts."
    )


class State(Section):
    """Where Vedette keeps what it must remember on this machine."""

    dir: FilePath = Field(
        default=Path(),
        description=(
            "Folder of local state. Default: $XDG_STATE_HOME/vedette, else ~/.local/state/vedette."
        ),
        json_schema_extra={"default": "~/.local/state/vedette"},
    )


class Output(Section):
    """Where alerts and checkpoints are stored."""

    store: Literal["auto", "cluster", "sqlite"] = Field(
        default="auto",
        description="'auto' is the cluster when one is configured, else the SQLite file.",
    )
    sqlite: FilePath = Field(
        default=Path(),
        description="The SQLite file. Default: vedette.sqlite in the state folder.",
        json_schema_extra={"default": "~/.local/state/vedette/vedette.sqlite"},
    )
    keep: IntervalOrOff = Field(
        default=None,
        description=(
            "How long `vedette setup` has the cluster keep alerts, at least, or off: for good."
        ),
    )


class Log(Section):
    """What Vedette says about its own work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe message that is written."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="Lines for people, or one JSON object a line."
    )
