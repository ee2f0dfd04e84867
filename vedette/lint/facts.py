"""What is known of log sources and their fields: `logsources.yml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping

from engine.kinds import KINDS, LogSource

FILE = Path(__file__).with_name("logsources.yml")
PARTS = ("product", "category", "service")


@cache
def facts() -> Mapping[str, Any]:
    """The file as it is written."""
    loaded: Mapping[str, Any] = yaml.load(FILE.read_bytes(), yaml.CSafeLoader)
    return loaded


@cache
def known_names(part: str) -> frozenset[str]:
    """The names that are in use for a product, category or service."""
    names = set(facts()["names"][part])
    names.update(name for kind in KINDS if (name := getattr(kind.source, part)))
    if part == "category":
        names.update(sysmon_generic_logsource_eventid_mapping)
    if part == "service":
        names.update(windows_logsource_mapping, facts()["windows"])
    return frozenset(names)


@cache
def fields_of(source: LogSource) -> frozenset[str]:
    """The fields that a log source's events are known to have; empty where nothing is known.

    What all Windows events share does not count as knowing one of their logs.
    """
    entries = _entries(source)
    if all(entry["source"] == {"product": "windows"} for entry in entries):
        return frozenset()
    return frozenset(name for entry in entries for name in entry["names"])


@cache
def every_field() -> frozenset[str]:
    """The fields of all log sources."""
    return frozenset(name for entry in facts()["fields"] for name in entry["names"])


@cache
def single_fields(source: LogSource) -> frozenset[str]:
    """The fields of which an event of the log source has at most one value."""
    entries = _entries(source)
    return frozenset(n for entry in entries if entry.get("single") for n in entry["names"])


def named(group: str) -> frozenset[str]:
    """The fields of a group: `numbers`, `addresses` or `paths`."""
    return frozenset(facts()[group])


def turned_on(source: LogSource) -> str | None:
    """What has to be turned on before the log source has events, if anything."""
    found = (entry["needs"] for entry in facts()["turned_on"] if _within(source, entry["source"]))
    return next(found, None)


def event_ids(category: str | None) -> tuple[int, ...]:
    """The event ids that a Windows category stands for."""
    return tuple(facts()["event_ids"].get(category, ()))


def _entries(source: LogSource) -> list[Mapping[str, Any]]:
    return [entry for entry in facts()["fields"] if _within(source, entry["source"])]


def _within(source: LogSource, wanted: Mapping[str, str]) -> bool:
    return all(getattr(source, part) == name for part, name in wanted.items())
