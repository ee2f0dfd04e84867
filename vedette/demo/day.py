"""A day's events in the order of time, the intrusion hidden between ordinary work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import orjson

from vedette.demo.intrusion import SCENES, Story, Truth
from vedette.demo.ordinary import ACTIVITIES
from vedette.demo.shapes import Document

START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
"""A Monday morning."""

HOURS = 8
_BUSY = (0.7, 1.0, 1.2, 1.1, 0.6, 1.0, 1.1, 0.8)
"""How much goes on in each of the hours, relative to the others."""


def generate(seed: int = 7, ordinary: int = 4000, start: datetime = START) -> Iterator[Document]:
    """The day's events, oldest first: `ordinary` ones and those of the intrusion.

    The same arguments give the same events. `start` is an aware time.
    """
    for event, _ in generate_labelled(seed, ordinary, start):
        yield event


def generate_labelled(
    seed: int = 7, ordinary: int = 4000, start: datetime = START
) -> Iterator[tuple[Document, Truth | None]]:
    """The same events, each with the truth about it: None for ordinary ones."""
    rng = Random(seed)  # noqa: S311 - a repeatable story, nothing secret
    told: list[tuple[datetime, Document, Truth | None]] = []
    told.extend(_ordinary(rng, ordinary, start))
    told.extend(_intrusion(rng, start))
    told.sort(key=lambda item: item[0])  # stable: events of one moment stay in their order
    numbers: Counter[str] = Counter()
    for _, document, truth in told:
        _number(document, numbers)
        yield document, truth


def write(path: Path, seed: int = 7, ordinary: int = 4000, start: datetime = START) -> int:
    """Write the events to a file, one JSON object a line; returns how many. Raises `OSError`."""
    count = 0
    with path.open("wb") as file:
        for event in generate(seed, ordinary, start):
            file.write(orjson.dumps(event) + b"\n")
            count += 1
    return count


def _ordinary(
    rng: Random, wanted: int, start: datetime
) -> list[tuple[datetime, Document, Truth | None]]:
    activities, weights = zip(*ACTIVITIES, strict=True)
    found: list[tuple[datetime, Document, Truth | None]] = []
    while len(found) < wanted:
        hour = rng.choices(range(HOURS), _BUSY)[0]
        time = start + timedelta(hours=hour, milliseconds=rng.randrange(3_600_000))
        activity = rng.choices(activities, weights)[0]
        found.extend((at, event, None) for at, event in activity(rng, time))
    return found[:wanted]


def _intrusion(rng: Random, start: datetime) -> Iterator[tuple[datetime, Document, Truth | None]]:
    for minute, scene in SCENES:
        story = Story(rng, start + timedelta(minutes=minute, seconds=rng.uniform(0, 90)))
        scene(story)
        yield from story.events


def _number(document: Document, numbers: Counter[str]) -> None:
    """Give a Windows event the next record number of its machine's log."""
    if "Event" in document:
        system = document["Event"]["System"]
        system["EventRecordID"] = _next(numbers, system["Computer"], system["Channel"])
    elif "winlog" in document:
        winlog = document["winlog"]
        winlog["record_id"] = _next(numbers, winlog["computer_name"], winlog["channel"])


def _next(numbers: Counter[str], computer: str, channel: str) -> int:
    log = f"{computer}/{channel}"
    numbers[log] += 1
    return 184_000 + numbers[log]
