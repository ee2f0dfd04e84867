"""The surprising steps of a session, and the events before that each rests on.

    surprising(gpt, session)[0].surprise, .expected, .rests

Three ways to tell what a step rests on:

    occlusion   each event before is made unknown in turn: how far that moves what is foretold, as
                the total variation distance (0 nothing, 1 all of it). Zeiler, Fergus: Visualizing
                and Understanding Convolutional Networks (2014). Needs no torch
    gradients   what each event adds to the surprise, in nats, beside an unknown one
                (`attribution.py`): above 0 where it makes the step surprising. Needs torch
    attention   the share of its attention that the step gives each event, of `gpt` alone. What a
                network looks at need not be what it goes by (Jain, Wallace: Attention is not
                Explanation, NAACL 2019)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from models.base import Detector, Floats, Session
from models.errors import ModelError
from models.sequence.attribution import gradients
from models.sequence.gpt import ORDER, VIEWS, Gpt
from models.sequence.lstm import Lstm

SURPRISING = 0.1
"""The chance that a surprising step had at most."""
NAMED = 0.01
"""How likely what was expected is named from, and how much what a step rests on matters."""

Network = Gpt | Lstm


@dataclass(frozen=True, slots=True)
class Rest:
    """An event before a step, by its place in the session, and how much rests on it."""

    at: int
    weight: float


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that was expected, None for the session's end, and its chance."""

    event: int | None
    chance: float


@dataclass(frozen=True, slots=True)
class Step:
    """A step at a place of the session (from 0); at its length it is the end.

    `surprise` is in nats, `expected` is what else was likely, the likeliest first; `rests` the
    events before, the weightiest first.
    """

    at: int
    surprise: float
    expected: tuple[Expected, ...]
    rests: tuple[Rest, ...]


def _occlusion(model: Network, session: Session, step: int) -> Floats:
    return model.occlusion(session, step)


def _attention(model: Network, session: Session, step: int) -> Floats:
    if not isinstance(model, Gpt):
        raise ModelError(f"{model.name} has no attention: ask for occlusion or gradients")
    return model.attended(session, step)


def _gradients(model: Network, session: Session, step: int) -> Floats:
    return gradients(model, session, step)


WAYS: Mapping[str, Callable[[Network, Session, int], Floats]] = {
    "occlusion": _occlusion,
    "gradients": _gradients,
    "attention": _attention,
}
"""What each event before a step weighs, (step,), by the way of telling it."""


def foretells(detector: Detector[Any]) -> TypeGuard[Network]:
    """Whether it foretells each step from those before it."""
    return isinstance(detector, Lstm) or (
        isinstance(detector, Gpt) and ORDER in VIEWS[detector.view]
    )


def ask(model: Network, by: str) -> None:
    """`ModelError` where `model` cannot say it in that way, or torch is needed and missing."""
    WAYS[by](model, (), 0)


def surprising(
    model: Network, session: Session, by: str = "occlusion", most: int = 3, rests: int = 3
) -> list[Step]:
    """The `most` most surprising steps, the most surprising first, each with `rests` at most.

    `ModelError` where the way `by` does not go with the model, or needs torch and there is none.
    """
    told = model.surprises([session])[0]
    order = [int(at) for at in np.argsort(-told, kind="stable")[:most]]
    return [
        Step(
            at,
            float(told[at]),
            _expected(model, session, at),
            _rests(model, session, at, by, rests),
        )
        for at in order
        if told[at] >= -np.log(SURPRISING)
    ]


def _expected(model: Network, session: Session, step: int) -> tuple[Expected, ...]:
    came = session[step] if step < len(session) else None
    found = (Expected(event, chance) for event, chance in model.foreseen(session, step))
    return tuple(each for each in found if each.chance >= NAMED and each.event != came)


def _rests(model: Network, session: Session, step: int, by: str, most: int) -> tuple[Rest, ...]:
    weights = WAYS[by](model, session, step)
    order = np.argsort(-np.abs(weights), kind="stable")[:most]
    return tuple(Rest(int(at), float(weights[at])) for at in order if abs(weights[at]) >= NAMED)
