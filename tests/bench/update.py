"""Learning on without forgetting: PR-AUC on old data before and after each update.

    python -m tests.bench.update [--data FOLDER] [--detector NAME]...

Of a public set's training part, in its order, the first half is learned; a fifth of that half is
kept aside as old normals. The rest comes in four updates, each with a memory of 500 old sessions.
PR-AUC is that of old normals against the set's attacks. An update that costs more than .01 of it
is not kept (`models/train/replay.py`); `alone` is what the same update does without a memory.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Detector, Online, Session, Takes
from models.registry import detectors
from models.threads import one_thread
from models.train.replay import Memory, ranking, update
from vedette.evaluate.sets.registry import load

SETS = ("hdfs", "adfa-ld")
UPDATES, REMEMBERED, STRANGE = 4, 500, 1_000
TOKENS = 400_000


def makers(names: Sequence[str]) -> dict[str, Callable[[], Detector[Any]]]:
    """The detectors of sessions that go on learning."""
    found = {
        name: kind
        for name, kind in detectors().items()
        if kind.takes is Takes.SESSIONS and hasattr(kind, "partial_fit")
    }
    return {
        name: lambda kind=kind: kind(**({"budget": TOKENS} if kind.budgeted else {}))
        for name, kind in found.items()
        if not names or name in names
    }


def rows(name: str, make: Callable[[], Detector[Any]], data: Path) -> None:
    """Print a row for each update."""
    (trial,) = load(name, data).trials
    sessions, rng = list(trial.train.sessions), np.random.default_rng(0)
    old, later = sessions[: len(sessions) // 2], sessions[len(sessions) // 2 :]
    aside = {int(each) for each in rng.choice(len(old), len(old) // 5, replace=False)}
    normal = [session for at, session in enumerate(old) if at in aside]
    learned = [session for at, session in enumerate(old) if at not in aside]
    attacks = [s for s, bad in zip(trial.test.sessions, trial.test.labels, strict=True) if bad]
    chosen = rng.choice(len(attacks), min(STRANGE, len(attacks)), replace=False)
    quality = ranking(normal, [attacks[int(at)] for at in chosen])
    memory = Memory[Session](REMEMBERED)
    memory.add(learned)
    model = make().fit(learned)
    for number in range(UPDATES):
        new = later[number::UPDATES]
        started = time.process_time()
        done = update(model, new, memory, quality)
        took = time.process_time() - started
        alone = type(model).restore(model.state())
        assert isinstance(alone, Online)
        print(f"{name:8} {model.name:16} {number + 1}  {done.before:.4f}  {done.after:.4f}  "
              f"{done.before - done.after:+.4f}  {'kept' if done.kept else 'not kept':8}  "
              f"{quality(alone.partial_fit(new)):.4f}  {took:6.1f} s", flush=True)  # fmt: skip
        model = done.model


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--detector", action="append", default=[])
    told = parser.parse_args()
    print("set      detector      update  before   after     lost            alone    CPU")
    with one_thread():
        for name in SETS:
            for make in makers(told.detector).values():
                rows(name, make, told.data)


if __name__ == "__main__":
    main()
