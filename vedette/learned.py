"""What was learned from verdicts, by the name of the model: where it lies, and its use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError, Problem, Report
from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.feedback.weigh import Likely, Sure

if TYPE_CHECKING:
    from engine.score.learned import Learned

ROOM = "feedback"
"""The folder in the state directory."""
TOLD, ARRAYS = "learned.json", "learned.npz"
FORMAT = 1


def folder_of(state: Path, name: str) -> Path:
    """Where that of a model lies; `InputError` for what cannot be a name."""
    from vedette import bundles

    return state / ROOM / bundles.folder_of(state, name).name


def save(learned: Learned, folder: Path) -> None:
    """Write it; what is there is replaced. Raises `InputError`."""
    from models import store
    from models.errors import ModelError

    state = learned.state()
    packed = store.pack(state.arrays)
    told = {"format": FORMAT, "parameters": dict(state.parameters), "facts": dict(state.facts),
            "sha256": store.sha256(packed)}  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store.write(folder / ARRAYS, packed)
        store.write(folder / TOLD, json.dumps(told, indent=1, allow_nan=False).encode())
    except ModelError as error:
        raise InputError(error.message, file=error.file) from error
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(folder)) from error


def load(folder: Path) -> Learned | None:
    """What lies there, None where nothing does. Raises `InputError` where it is no such thing."""
    if not (folder / TOLD).exists():
        return None
    from engine.score.learned import Learned
    from models import store
    from models.base import State
    from models.errors import ModelError

    try:
        told = json.loads(store.read(folder / TOLD))
        packed = store.read(folder / ARRAYS)
        if told["format"] != FORMAT or told["sha256"] != store.sha256(packed):
            raise InputError("is not what was written together", file=str(folder))
        arrays = store.unpack(packed, str(folder / ARRAYS))
        return Learned.restore(State(told["parameters"], told["facts"], arrays))
    except ModelError as error:
        raise InputError(error.message, file=error.file or str(folder)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"was not learned from verdicts: {error}", file=str(folder)) from error


def sure(state: Path, report: Report) -> Sure:
    """How sure an anomaly is by what was learned for its model, and why; None where nothing was.

    Each is read when the first anomaly of its model comes, so that nobody else needs NumPy. One
    that cannot be read is a problem `verdicts-unlearned`, and counts for nothing.
    """
    known: dict[str, Learned | None] = {}

    def ask(subject: Subject, tally: Tally) -> Likely | None:
        if subject.kind != "anomaly":
            return None
        if subject.source not in known:
            known[subject.source] = None
            try:
                known[subject.source] = load(folder_of(state, subject.source))
            except InputError as error:
                report(Problem("verdicts-unlearned", error.message, error.file))
        found = known[subject.source]
        if found is None:
            return None
        return Likely(found.probability(subject, tally), tuple(found.because(subject, tally)))

    return ask
