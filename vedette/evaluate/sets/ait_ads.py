"""AIT-ADS: alerts of Wazuh, Suricata and AMiner on four simulated companies under attack.

What is scored is a host's ten minutes that have alerts: the types of its alerts in their order. A
window is an attack where an alert in it is labelled as one (`event_label`). Each company is learned
until the first alert that either label calls an attack's, leaving out for training the windows
that hold one labelled by event: in two companies DNS exfiltration goes on from the first day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import InputError
from models.feature.past import Past
from models.feature.volume import Volume
from vedette.evaluate.files import rows
from vedette.evaluate.part import PublicSet, Trial
from vedette.evaluate.vocabulary import numbered

FOLDER = "logs/ait-ads"
SCENARIOS = ("fox", "harrison", "russellmitchell", "santos")
WINDOW = 600
"""Seconds of a window."""
BLOCK = 6 * 3600
"""Seconds of a host that stay together in folds and bootstraps."""
MOST = 200
"""Alerts of one type kept in a window: a scan makes a hundred thousand."""
COLUMNS = ("time", "host", "short", "time_label", "event_label")
NOTE = "training is without the windows that hold an event labelled as an attack's"
NOTE_AS_FOUND = "training holds, as if normal, the exfiltration that goes on from the first day"
NORMAL_TIME, NORMAL_EVENT = "false_positive", "-"


@dataclass(frozen=True, slots=True)
class Window:
    """The types of a host's alerts in ten minutes, and the attack that it is labelled with."""

    start: int
    host: str
    types: tuple[str, ...]
    family: str
    alerts: Mapping[str, tuple[int, bool]]
    """Of each type how many alerts there are, and whether one of them is labelled."""
    volume: Volume
    """How many alerts there are in all, and in the host's windows before."""

    @property
    def block(self) -> tuple[str, int]:
        """What it belongs to in folds and bootstraps."""
        return self.host, self.start // BLOCK


def load(data: Path) -> PublicSet:
    """The set below the folder `data`; `InputError` names what is missing or wrong."""
    return PublicSet("ait-ads", _trials(data, cleaned=True), [NOTE])


def load_as_found(data: Path) -> PublicSet:
    """The same, but training keeps the windows that hold a labelled event."""
    return PublicSet("ait-ads-as-found", _trials(data, cleaned=False), [NOTE_AS_FOUND])


def _trials(data: Path, cleaned: bool) -> list[Trial]:
    folder = data / FOLDER
    return [scenario(folder / f"{name}_alerts.csv.zst", name, cleaned) for name in SCENARIOS]


def scenario(path: Path, name: str, cleaned: bool = True) -> Trial:
    """One company's alerts, before and after its first attack."""
    return trial(name, *halves(path, cleaned))


def halves(path: Path, cleaned: bool = True) -> tuple[list[Window], list[Window]]:
    """One company's windows before its first attack, and from then on."""
    windows, first = _windows(path)
    train = [each for each in windows if each.start < first and not (cleaned and each.family)]
    test = [each for each in windows if each.start >= first]
    if not train or not test:
        raise InputError("has nothing before, or nothing after, its first attack", file=str(path))
    return train, test


def trial(name: str, train: Sequence[Window], test: Sequence[Window]) -> Trial:
    """The windows as detectors take them."""
    told = numbered(
        name,
        [each.types for each in train],
        [each.types for each in test],
        [each.family for each in test],
        [each.block for each in train],
        [each.block for each in test],
    )
    before = replace(told.train, volumes=[each.volume for each in train])
    return replace(told, train=before, test=replace(told.test, volumes=[e.volume for e in test]))


def _windows(path: Path) -> tuple[list[Window], int]:
    """The windows in the order of time, and when that of the first attack begins."""
    gathered: dict[tuple[int, str], list[tuple[int, str, str]]] = defaultdict(list)
    attack: int | None = None
    for line, (time, host, kind, during, event) in rows(path, COLUMNS):
        second = _second(path, line, time)
        gathered[second // WINDOW * WINDOW, host].append((second, kind, event))
        if during != NORMAL_TIME and (attack is None or second < attack):
            attack = second
    if attack is None:
        raise InputError("labels no alert as an attack's", file=str(path), field="time_label")
    past = Past()
    made = [
        _window(start, host, alerts, past) for (start, host), alerts in sorted(gathered.items())
    ]
    return made, attack // WINDOW * WINDOW


def _window(start: int, host: str, alerts: list[tuple[int, str, str]], past: Past) -> Window:
    alerts.sort()
    labels = (event for _, _, event in alerts if event != NORMAL_EVENT)
    types = bounded([kind for _, kind, _ in alerts])
    by: dict[str, tuple[int, bool]] = {}
    for _, kind, event in alerts:
        count, true = by.get(kind, (0, False))
        by[kind] = count + 1, true or event != NORMAL_EVENT
    volume = past.add(host, start // WINDOW, len(alerts))
    return Window(start, host, types, next(labels, "").replace("_", " "), by, volume)


def bounded(types: Sequence[str], most: int = MOST) -> tuple[str, ...]:
    """The types in their order, of each the first `most`."""
    seen: dict[str, int] = {}
    kept = []
    for kind in types:
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= most:
            kept.append(kind)
    return tuple(kept)


def _second(path: Path, line: int, time: str) -> int:
    try:
        return int(time)
    except ValueError as error:
        raise InputError(
            "is no time", file=str(path), line=line, field="time", expected="seconds since 1970"
        ) from error
