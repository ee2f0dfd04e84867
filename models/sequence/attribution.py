"""Which events a step rests on, by gradients: needs PyTorch; `Gpt.occlusion` needs none."""

from __future__ import annotations

from models.base import Floats, Session
from models.sequence import forward, network
from models.sequence.gpt import Gpt
from models.train import heavy


def gradients(model: Gpt, session: Session, step: int) -> Floats:
    """How each event before `step` (from 0) moves the surprise there, (step,), in nats.

    Gradient times input of the embeddings (Shrikumar et al.: DeepLIFT, 2017): to first order, how
    much of the surprise goes when an event's embedding does. Above 0: it makes the step surprising.
    Events outside of the step's window are 0.
    """
    torch = heavy.torch()
    tokens, net = model.before(session, step), model.trained
    weights = {name: torch.tensor(each) for name, each in net.weights.items()}
    counts = torch.tensor(forward.occurrences(tokens[None, :-1], net.shape.counts))
    given = network.embedded(weights, torch.tensor(tokens[None, :-1]), counts)
    given = given.detach().requires_grad_()
    last = network.blocks(weights, net.shape, given)[0, -1]
    surprise = -torch.log_softmax(last @ weights["head"], -1)[int(tokens[-1])]
    (gradient,) = torch.autograd.grad(surprise, given)
    return model.along(step, (gradient * given).sum(-1)[0].detach().numpy())
