"""Which events a step rests on, by gradients: needs PyTorch, and occlusion does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from models.base import Floats, Session
from models.sequence import forward, network, recurrent
from models.sequence.gpt import Gpt
from models.sequence.lstm import Lstm
from models.sequence.vocabulary import UNKNOWN
from models.train import heavy

POINTS = 32
"""Points of the way from unknown events to those that came at which gradients are taken."""
CELLS = 1 << 14
"""Tokens that are looked at a time: bounds memory."""


def gradients(model: Gpt | Lstm, session: Session, step: int) -> Floats:
    """How each event before `step` (from 0) adds to the surprise there, (step,), in nats.

    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks (ICML 2017): gradients along
    the straight way from the embeddings of unknown events to those that came, times the way. They
    add up to the surprise less what it were after unknown events alone. Above 0: the event makes
    the step surprising. (Gradient times input says nothing of a network that scales what goes into
    each layer, as `gpt` does: along its own embedding nothing changes.)

    No network ever foretells an event that training never had: where one came, it is how sure the
    likeliest other was, for that is what was upset. Events outside of the step's window are 0.
    """
    arrays = model.trained.weights if isinstance(model, Gpt) else model.network()[0]
    with heavy.threads(sum(each.size for each in arrays.values())):
        if isinstance(model, Gpt):
            return _of_gpt(model, session, step)
        return _of_lstm(model, session, step)


def _of_gpt(model: Gpt, session: Session, step: int) -> Floats:
    torch = heavy.torch()
    tokens, net = model.before(session, step), model.trained
    weights = {name: torch.tensor(each) for name, each in net.weights.items()}
    context = torch.tensor(tokens[None, :-1])
    counts = torch.tensor(forward.occurrences(tokens[None, :-1], net.shape.counts))
    # Places and counts stay as they are: only what each event is goes the way.
    given = network.embedded(weights, context, counts)
    start = given - weights["token"][context] + _unknown(weights, context)

    def logits(x: Any) -> Any:
        return network.blocks(weights, net.shape, x)[:, -1] @ weights["head"]

    return model.along(step, _integrated(start, given, logits, int(tokens[-1])))


def _of_lstm(model: Lstm, session: Session, step: int) -> Floats:
    torch = heavy.torch()
    arrays, shape, vocabulary = model.network()
    tokens = vocabulary.tokens(session)[: step + 2]
    weights = {name: torch.tensor(each) for name, each in arrays.items()}
    context = torch.tensor(tokens[None, :-1])
    given, start = weights["token"][context], _unknown(weights, context)

    def logits(x: Any) -> Any:
        return recurrent.hidden(weights, shape, x)[:, -1] @ weights["head"] + weights["offset"]

    return _integrated(start, given, logits, int(tokens[-1]))[1:]


def _unknown(weights: Any, context: Any) -> Any:
    """The embedding of an unknown event in the place of each but the first token, the start."""
    found = weights["token"][heavy.torch().full_like(context, UNKNOWN)].clone()
    found[:, 0] = weights["token"][context[:, 0]]
    return found


def _integrated(start: Any, given: Any, logits: Callable[[Any], Any], came: int) -> Floats:
    """What each of the embeddings `given` (1, t, d) adds beside `start`, (t,)."""
    torch = heavy.torch()
    if came == UNKNOWN:
        came, sign = int(logits(given)[0].argmax()), 1.0
    else:
        sign = -1.0
    total = torch.zeros_like(given[0])
    points = (torch.arange(POINTS, dtype=given.dtype) + 0.5) / POINTS
    for some in points.split(max(CELLS // given.shape[1], 1)):
        x = (start + some[:, None, None] * (given - start)).detach().requires_grad_()
        moved = sign * torch.log_softmax(logits(x), -1)[:, came].sum()
        (gradient,) = torch.autograd.grad(moved, x)
        total += gradient.sum(0)
    found = (total / POINTS * (given - start)[0]).sum(-1).detach().numpy()
    return np.asarray(found, dtype=np.float64)
