"""The demo's model: what the office does on days without an intrusion.

    python -m vedette.demo.model FOLDER

fits it anew; `vedette/demo/office/` is what that wrote. The same seeds give the same events, and on
the same machine the same model, to the last byte and on any number of threads; another processor
may round otherwise, and the weights of the network with it. `tests/vedette/demo/test_model.py`
makes the rest again and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.event import Event
from engine.normalise import normalise
from engine.ports import Record
from models.bundle.plan import DEFAULT, Plan
from vedette.bundles import Gathered, fit
from vedette.demo.day import START, generate_labelled

SEEDS = range(101, 106)
"""One for each ordinary day; the demo's own day has another."""


PLAN = Plan({**DEFAULT, "embedding-hdbscan": {"encoder": "hashing"}})
"""The default set, with an encoder that is everywhere: the demo runs without MiniLM."""


def days() -> Iterator[Event]:
    """The ordinary events of the working days before the demo's, oldest first."""
    first = START - timedelta(days=7)
    for number, seed in enumerate(SEEDS):
        for document, truth in generate_labelled(seed, start=first + timedelta(days=number)):
            if truth is None:
                yield normalise(Record(document, "demo"), None)


def make(folder: Path, told: Callable[[str], None] = lambda _: None) -> str:
    """Fit the demo's model into `folder`, in the place of all that lies there; its fingerprint."""
    gathered = Gathered()
    gathered.add(days())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as beside:
        new = Path(beside) / folder.name
        # Not the time of fitting: the files are the same whenever they are made.
        print_ = fit(gathered, PLAN, new, lambda: datetime(2026, 11, 16, tzinfo=UTC), told)[1]
        if folder.exists():  # not as a revision of what is there, which would stay beside it
            folder.replace(Path(beside) / "old")
        new.replace(folder)
    return print_


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), lambda name: print(name, file=sys.stderr)))  # noqa: T201
