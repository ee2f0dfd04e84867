"""OpenStack Nova: the life of each virtual machine, as numbers of the messages that name it.

The sample file is mostly normal, but holds many of the faulty instances of the two fault files
again, and from its first faulty one on also some of a third fault that is labelled nowhere. So
normal are only instances that begin before that point; the first share of them is for training.
The sample is pieces of longer logs pasted together: what still runs where the normal one ends is
cut off in mid-life, and neither normal nor an attack.

The fault files were logged by another set-up, which writes longer headers and each message once
for every service. Neither must tell normal from faulty: headers are left out, and a message that
repeats the one before is left out too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError
from vedette.evaluate.files import lines
from vedette.evaluate.part import PublicSet
from vedette.evaluate.vocabulary import numbered

FOLDER = "logs/openstack"
SAMPLE = "openstack-nova-sample.log"
FAULTS = {
    "openstack-nova-dhcpoff.log": "dhcp off",
    "openstack-vm-destroy-immediately-after-create.log": "destroyed at once",
}
TRAINING = 0.6
"""Share of the normal instances, the first ones, to learn from."""
OVER = "Took <*> seconds to deallocate network for instance."
"""What is logged when a machine is gone, or its building was given up."""

_INSTANCE = re.compile(r"\[instance: ([0-9a-f-]{36})\] ?(.*)")
_MASKS = tuple(
    re.compile(each)
    for each in (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}",
        r"\[?(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\]?",
        r"/[^\s'\",]+",
        r"\b(?:0x)?[0-9a-f]*\d[0-9a-f.:]*\b",
    )
)

Instances = dict[str, tuple[str, ...]]


def load(data: Path) -> PublicSet:
    """The set below the folder `data`; `InputError` names what is missing or wrong."""
    folder = data / FOLDER
    faults = {name: _instances(folder / name) for name in FAULTS}
    sample = _instances(folder / SAMPLE)
    normal = _before_first_fault(sample, {key for found in faults.values() for key in found})
    at = round(len(normal) * TRAINING)
    if not at or at == len(normal):
        raise InputError("has no normal instances", file=str(folder / SAMPLE))
    strange = [(texts, FAULTS[name]) for name, found in faults.items() for texts in found.values()]
    whole = [texts for texts in normal[at:] if OVER in texts]
    test = [*((texts, "") for texts in whole), *strange]
    trial = numbered(
        "openstack", normal[:at], [texts for texts, _ in test], [family for _, family in test]
    )
    return PublicSet("openstack", [trial], [_counted(sample, normal, at + len(whole))])


def _counted(sample: Instances, normal: Sequence[object], used: int) -> str:
    return (
        f"of {len(sample):,} instances in {SAMPLE}, {used:,} are used as normal: those before the "
        f"first that is in a file of faults too, but {len(normal) - used:,} that it cuts off"
    )


def _instances(path: Path) -> Instances:
    """The masked messages of each instance, in the order of the file."""
    found: dict[str, list[str]] = {}
    for _, line in lines(path):
        if place := _INSTANCE.search(line):
            texts = found.setdefault(place[1], [])
            text = masked(place[2])
            if not texts or texts[-1] != text:
                texts.append(text)
    if not found:
        raise InputError("names no instance", file=str(path))
    return {key: tuple(texts) for key, texts in found.items()}


def masked(text: str) -> str:
    """The message without what differs each time: ids, addresses, paths and numbers."""
    for mask in _MASKS:
        text = mask.sub("<*>", text)
    return text.strip()[:200]


def _before_first_fault(sample: Instances, faulty: set[str]) -> list[tuple[str, ...]]:
    normal: list[tuple[str, ...]] = []
    for key, texts in sample.items():
        if key in faulty:
            break
        normal.append(texts)
    return normal
