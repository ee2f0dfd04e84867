"""ADFA-LD: system calls of processes on a Linux server, normal and under attack."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import InputError
from models.base import Session
from vedette.evaluate.files import members, numbers
from vedette.evaluate.part import Part, PublicSet, Trial

FILE = "logs/adfa-ld/ADFA-LD-dev.zip"
_PLACE = re.compile(r"(Training|Validation|Attack)_Data_Master/(?:(.+)_\d+/)?[^/]+$")


def load(data: Path) -> PublicSet:
    """The set below the folder `data`; `InputError` names what is missing or wrong.

    One trace is one session. Traces have no times; their numbers are the order in which they
    were taken, and tens of neighbours in it are a block.
    """
    path = data / FILE
    parts: dict[str, list[tuple[Session, str]]] = {"Training": [], "Validation": [], "Attack": []}
    for name, text in members(path):
        if place := _PLACE.search(name):
            parts[place[1]].append((numbers(text, path), place[2] or ""))
    for part, found in parts.items():
        if not found:
            raise InputError(f"has no traces in {part}_Data_Master", file=str(path))
    train = [session for session, _ in parts["Training"]]
    test = [*parts["Validation"], *parts["Attack"]]
    return PublicSet("adfa-ld", [Trial("adfa-ld", _train(train), _test(test))])


def _train(sessions: list[Session]) -> Part:
    return Part.of(sessions, [at // 10 for at in range(len(sessions))])


def _test(traces: list[tuple[Session, str]]) -> Part:
    families = [family.lower().replace("_", " ") for _, family in traces]
    return Part.of([session for session, _ in traces], None, families)
