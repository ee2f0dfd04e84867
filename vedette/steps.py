"""The surprising steps of a window, by each network of a model that foretells, in events and times.

What `models/sequence/steps.py` says in places and numbers is here said by what happened when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from engine.errors import InputError
from models.bundle.bundle import NEW, Bundle
from models.bundle.observation import Observation
from models.errors import ModelError
from models.feature.windows import Window
from models.sequence import steps
from models.sequence.steps import Network, Step
from vedette.bundles import iso

END = "the end of the window"
SAID: Mapping[str, Callable[[float], str]] = {
    "occlusion": lambda weight: f"without it the forecast differs by {100 * weight:.0f} %",
    "gradients": lambda weight: f"adds {weight:+.2g} nats to the surprise",
    "attention": lambda weight: f"has {100 * weight:.0f} % of the attention",
}
"""What a weight means, by the way of telling what a step rests on."""
MADE_SURE = "adds {:+.2g} nats to what was expected most"
"""What a gradient means where something came that training never had."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The networks of a model that are asked, and the way in which they are."""

    bundle: Bundle
    networks: dict[str, Network]
    by: str

    @classmethod
    def of(cls, bundle: Bundle, by: str, name: str) -> tuple[Steps, list[str]]:
        """Those of the model `name` that can say so, and what is to be said of the others.

        `InputError` where there are none, or torch is needed and missing.
        """
        known = {part: each.detector for part, each in bundle.parts.items()}
        foretell = {part: each for part, each in known.items() if steps.foretells(each)}
        if not foretell:
            raise InputError(
                f"the model {name} has no network that foretells the order of events",
                field="--steps",
                expected="one that was fitted with --detector gpt or --detector lstm",
            )
        able: dict[str, Network] = {}
        unable: list[str] = []
        for part, each in foretell.items():
            try:
                steps.ask(each, by)
            except ModelError as error:
                unable.append(f"--by {by}: {error.message}")
            else:
                able[part] = each
        if not able:
            raise InputError("; ".join(unable), field="--steps", expected="--by occlusion")
        return cls(bundle, able, by), unable

    def told(self, window: Window, observations: Sequence[Observation]) -> list[dict[str, Any]]:
        """What each network says of a window of `observations`, as JSON holds it."""
        seen = _Seen(self.bundle, window, observations)
        return [
            {
                "detector": name,
                "by": self.by,
                "steps": [
                    seen.step(each) for each in steps.surprising(network, window.events, self.by)
                ],
            }
            for name, network in self.networks.items()
        ]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A window with the events that are in it."""

    bundle: Bundle
    window: Window
    observations: Sequence[Observation]

    def step(self, step: Step) -> dict[str, Any]:
        return {
            **self._event(step.at),
            "surprise": step.surprise,
            "probability": exp(-step.surprise),
            "expected": [
                {"text": self._text(each.event), "probability": each.chance}
                for each in step.expected
            ],
            "rests_on": [{**self._event(each.at), "weight": each.weight} for each in step.rests],
        }

    def _event(self, at: int) -> dict[str, Any]:
        """The event at a place of the window, its step counted from 1; at its length the end."""
        if at == len(self.window):
            return {"step": at + 1, "time": None, "event": None, "text": END}
        number, seen = self.window.events[at], self.observations[self.window.positions[at]]
        text = self._text(number) if number else self.bundle.templates.describe(seen.fields)
        new = {} if number else {"new": True}
        return {"step": at + 1, "time": iso(seen.time), "event": number, "text": text, **new}

    def _text(self, number: int | None) -> str:
        return END if number is None else self.bundle.templates.text(number)


def lines(told: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What `Steps.told` says as lines to read."""
    for each in told:
        if not each["steps"]:
            yield f"{each['detector']}: no step had a chance below {steps.SURPRISING:g}"
        for step in each["steps"]:
            yield f"{each['detector']}: {_named(step)} had a chance of {step['probability']:.2g}"
            expected = [f"{one['text']} ({one['probability']:.2g})" for one in step["expected"]]
            if expected:
                yield f"    expected {' or '.join(expected)}"
            for one in step["rests_on"]:
                said = SAID[each["by"]](one["weight"])
                if step.get("new") and each["by"] == "gradients":
                    said = MADE_SURE.format(one["weight"])
                yield f"    rests on {_named(one)}: {said}"
            if not step["rests_on"]:
                yield "    rests on no event in particular"


def _named(event: dict[str, Any]) -> str:
    """An event by its step, its time of day (UTC) and its text."""
    time = "" if event["time"] is None else f", {event['time'][11:19]}"
    new = f" ({NEW})" if event.get("new") else ""
    return f"step {event['step']}{time}, {event['text']}{new}"
