"""OTRF: recordings of simulated attacks, held against what Sigma rules see in them.

The recordings are all of attacks, and nobody labelled their events. So this set asks something
else: how far do detectors, which know no rule, find what Vedette's own rules alert on? A host's
minute is an attack where a rule of level medium or above matches an event in it. Every second
recording is learned, without such minutes; the others are scored. What is learned holds attacks
that no rule knows, and so does what counts as normal: figures say how far models and rules see the
same, not how many attacks are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from engine.detect import Detector
from engine.entities import FIELDS
from engine.errors import InputError, Problems
from engine.event import Event
from engine.level import level_rank
from engine.rule import Rule, Selection
from models.template.event import event_key
from vedette.evaluate.files import require
from vedette.evaluate.part import PublicSet
from vedette.evaluate.sets.ait_ads import bounded
from vedette.evaluate.vocabulary import numbered
from vedette.events import of_paths

FOLDER = "otrf"
WINDOW = 60
"""Seconds of a window."""
LEVEL = "medium"
"""The mildest level whose matches count."""
IMAGES = ("Image", "NewProcessName", "SourceImage", "process.executable")


@dataclass(slots=True)
class Window:
    """The kinds of a host's events in a minute of a recording, and the level that was alerted."""

    recording: str
    kinds: list[str] = field(default_factory=list)
    alerted: str = ""


def load(data: Path) -> PublicSet:
    """The set below the folder `data`; `InputError` names what is missing or wrong."""
    from vedette.rulesets import load as load_rules

    paths = sorted(require(data / FOLDER).glob("*.ndjson.zst"))
    if len(paths) < 2:  # one to learn, one to score
        raise InputError("holds no recordings", file=str(data / FOLDER))
    detector = Detector(load_rules([], Selection()).rules, Problems())
    train = [w for path in paths[::2] for w in windows(path, detector) if not w.alerted]
    test = [w for path in paths[1::2] for w in windows(path, detector)]
    if not train or not test:
        raise InputError("holds no events to learn from or to score", file=str(data / FOLDER))
    trial = numbered(
        "otrf",
        [bounded(each.kinds) for each in train],
        [bounded(each.kinds) for each in test],
        [each.alerted for each in test],
        [each.recording for each in train],
        [each.recording for each in test],
    )
    return PublicSet("otrf", [trial], ["attacks are hosts' minutes that Vedette's rules alert on"])


def windows(path: Path, detector: Detector) -> list[Window]:
    """The windows of a recording in the order of their first events."""
    found: dict[tuple[str, int], Window] = {}
    for event in of_paths([path], Problems(), None):
        host, minute = _host(event), _minute(event)
        window = found.setdefault((host, minute), Window(path.name))
        window.kinds.append(_kind(event))
        window.alerted = window.alerted or _alerted([m.rule for m in detector.match(event)])
    return list(found.values())


def _alerted(rules: list[Rule]) -> str:
    """The gravest level of those that count, "" where none does."""
    levels = [rule.level for rule in rules if level_rank(rule.level) >= level_rank(LEVEL)]
    return max(levels, key=level_rank, default="")


def _kind(event: Event) -> str:
    """What kind of event it is, and by which program."""
    return " ".join((event_key(event.record.document) or "?", *_program(event)))


def _program(event: Event) -> Iterator[str]:
    for name in IMAGES:
        for value in event.values(name):
            yield PureWindowsPath(str(value)).name.lower()
            return


def _host(event: Event) -> str:
    return next((str(v) for name in FIELDS["host.name"] for v in event.values(name)), "")


def _minute(event: Event) -> int:
    return int(event.time.timestamp()) // WINDOW if event.time else 0
