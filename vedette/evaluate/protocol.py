"""The protocol that the file `protocol.toml` fixes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from models.base import Json

EVERY = "every"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Rates by set, folds, seeds, bootstrap draws, fusion; what there may be at most.

    That is of sessions and events in a part, and of tokens in the training of a transformer.
    `arguments` of detectors, by their names, are none of the protocol: who gives some has figures
    of a configuration of their own, and rows and notes say so.
    """

    rates: Mapping[str, Sequence[float]]
    folds: int
    seeds: Sequence[int]
    bootstrap: int
    seed: int
    rule: str
    fused: Sequence[str]
    most_train: int | None = None
    most_test: int | None = None
    most_events: int | None = None
    most_tokens: int | None = None
    arguments: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def rates_of(self, name: str) -> Sequence[float]:
        """The target false-positive rates of the set `name`, made up or not."""
        return self.rates.get(name.partition(" ")[0], self.rates[EVERY])


def protocol(quick: bool = False) -> Protocol:
    """The committed protocol; `quick` is the same with less of everything."""
    told = tomllib.loads(resources.files(__package__).joinpath("protocol.toml").read_text("utf-8"))
    method, fusion = told["method"], told["fusion"]
    made = Protocol(
        rates=told["rates"],
        folds=method["folds"],
        seeds=method["seeds"],
        bootstrap=method["bootstrap"],
        seed=method["seed"],
        rule=fusion["rule"],
        fused=fusion["detectors"],
    )
    return _quicker(made, told["quick"]) if quick else made


def _quicker(made: Protocol, told: Mapping[str, Any]) -> Protocol:
    return replace(
        made,
        seeds=told["seeds"],
        folds=told["folds"],
        most_train=told["train"],
        most_test=told["test"],
        most_events=told["events"],
        most_tokens=told["tokens"],
    )
