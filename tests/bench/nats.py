"""How well each model of sequences foretells normals that it did not learn from.

    python -m tests.bench.nats [SET ...] [--model NAME] [--with ARGUMENT=VALUE,…]

Of the training sessions of each public set, all of them normal, those of one fold in five are held
out whole, by blocks as `vedette evaluate` has it. Printed is the mean surprise of their events and
ends, in nats; and the same of those sessions alone whose sequence is nowhere in the other folds. A
set of several trials counts by events. No test session is read. CPU seconds are of fitting.
`--model` asks that one alone; `--with` gives the networks arguments, in turn where it is repeated:
`--with augment=.1 --with augment=.1,seed=1`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from models.arguments import parsed
from models.base import Floats, Json, Session, Sessions
from models.baseline.chain import Chain
from models.baseline.markov import Markov
from models.baseline.variable_order import VariableOrder
from models.calibrate.cross import folds_of
from models.sequence.gpt import Gpt
from models.sequence.lstm import Lstm
from models.threads import one_thread
from tests.bench.loading import machine
from tests.conftest import SHARED
from vedette.evaluate.sets.registry import load

NAMES = ("hdfs", "adfa-ld", "ait-ads", "openstack")
FOLDS = 5
Model = Chain | Gpt | Lstm
MODELS: Mapping[str, Callable[[], Model]] = {
    "markov": Markov,
    "variable-order": VariableOrder,
    "gpt": partial(Gpt, device="cpu"),
    "gpt, order alone": partial(Gpt, view="order", device="cpu"),
    "lstm": partial(Lstm, device="cpu"),
}


def surprises(model: Model, sessions: Sessions) -> Sequence[Floats]:
    """The surprise of each step, in nats, by session."""
    return model._surprise(sessions) if isinstance(model, Chain) else model.surprises(sessions)


def parts(name: str) -> Iterator[tuple[list[Session], list[Session]]]:
    """Of each trial of the set the sessions to learn from, and those that are held out."""
    for trial in load(name, SHARED).trials:
        sessions = np.empty(len(trial.train), dtype=object)
        sessions[:] = list(trial.train.sessions)
        held = folds_of(trial.train.blocks, FOLDS) == 0
        yield list(sessions[~held]), list(sessions[held])


def asked(models: Sequence[str], arguments: Sequence[str]) -> dict[str, Callable[[], Model]]:
    """The models by their names, networks once for each argument, where there are any."""
    found = {name: make for name, make in MODELS.items() if not models or name in models}
    if not arguments:
        return found
    return {
        f"{name}, {told.replace('=', ' ')}": partial(make, **_given(make, told))
        for name, make in found.items()
        if isinstance(make, partial)
        for told in arguments
    }


def _given(make: partial[Gpt | Lstm], told: str) -> dict[str, Json]:
    """The arguments in a text like `augment=.1,seed=1`."""
    name = Gpt.name if make.func is Gpt else Lstm.name
    pairs = (each.split("=") for each in told.split(","))
    return {argument: parsed(name, argument, text) for argument, text in pairs}


def main(names: Sequence[str], models: Mapping[str, Callable[[], Model]]) -> None:
    """Print a line for each set and model."""
    print(machine())
    for name in names or NAMES:
        there = list(parts(name))
        for label, make in models.items():
            told: list[Floats] = []
            new: list[Floats] = []
            took = 0.0
            for learned, held in there:
                start = time.process_time()
                model = make().fit(learned)
                took += time.process_time() - start
                known = set(learned)
                for session, each in zip(held, surprises(model, held), strict=True):
                    told.append(each)
                    new += [] if session in known else [each]
            nats = [np.concatenate(each).mean() for each in (told, new)]
            print(f"{name:<10} {label:<26} {nats[0]:.4f}  new {nats[1]:.4f}  {took:.0f} CPU-s",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="SET")
    parser.add_argument("--model", action="append", default=[], choices=MODELS, dest="models")
    parser.add_argument("--with", action="append", default=[], dest="arguments")
    told = parser.parse_args()
    with one_thread():
        main(told.names, asked(told.models, told.arguments))
