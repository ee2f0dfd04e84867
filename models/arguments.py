"""The arguments of detectors: what each class takes, of which type, within which bounds.

    arguments(detector("gpt"))["augment"].default     0.0
    parsed("gpt", "augment", ".1")                    0.1, or a `ModelError` that says what there is

Names, types and defaults come from the constructors themselves. What an argument means is said
here once for all detectors that have one of the name, or apart where it means something else.
"""

from __future__ import annotations

import difflib
import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite
from typing import Any, Union, get_args, get_origin, get_type_hints

from models.base import Detector, Json
from models.errors import ModelError
from models.registry import detector
from models.sequence.gpt import VIEWS
from models.sequence.surprise import POOLS
from models.train.labels import MOST as MOST_CHANGED

NONE = "none"
"""What stands for None in the text of a value."""
TRUTH = {"true": True, "false": False}
"""What stands for the two values of a bool."""

TINY = 1e-9
"""Stands for the open end of a range that begins above 0, or ends below 1."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an argument is in words, its bounds, and the words that it can be."""

    words: str
    least: float = 1
    most: float = inf
    choices: tuple[str, ...] = ()


MEANINGS: Mapping[str, Meaning] = {
    "augment": Meaning("share of events changed in a copy that training sees", 0, MOST_CHANGED),
    "beta": Meaning("weight of the divergence of codes from a normal distribution", 0),
    "block": Meaning("numbers that are compared at a time: bounds memory"),
    "budget": Meaning("tokens that training may see"),
    "clusters": Meaning("how many clusters are looked for"),
    "columns": Meaning("columns that vectors have; none: by how much there is"),
    "context": Meaning("longest window in tokens, its start and end among them", 8, 1 << 20),
    "device": Meaning("where it learns; auto: a GPU if any", choices=("auto", "cpu", "cuda")),
    "distinct": Meaning("whether a loop's n-grams count once", choices=("true", "false")),
    "encoder": Meaning("best, minilm, hashing, or the folder of one that was tuned"),
    "epochs": Meaning("how often training sees all data at most"),
    "eps": Meaning("radius of a neighbourhood; none: by the data", TINY),
    "frame": Meaning("n-grams in a row among which new ones are counted"),
    "heads": Meaning("heads of attention; width is a multiple of them", 1, 1 << 20),
    "layers": Meaning("layers of the network", 1, 64),
    "min_cluster_size": Meaning("points that make a cluster at least", 2),
    "min_samples": Meaning("neighbours that make a point dense", 1),
    "most": Meaning("rows that are kept at most; of more a sample is", 2),
    "neighbours": Meaning("nearest neighbours that are looked at"),
    "noise": Meaning("noise in training, in standard deviations", 0),
    "nu": Meaning("share of training that may lie outside, at most", TINY, 1),
    "order": Meaning("events that are looked at together", 1, 64),
    "period": Meaning("windows of a day; else as many as --window makes", 2),
    "pooling": Meaning("from the surprise of steps to that of a session", choices=tuple(POOLS)),
    "rate": Meaning("how much a unit is to answer on average", TINY, 1 - TINY),
    "sample": Meaning("rows that each tree sees", 2),
    "seed": Meaning("of what is drawn by chance; else that of all, --seed", 0, 2**32 - 1),
    "shortest": Meaning("the least length of an n-gram; order is the greatest", 1, 64),
    "share": Meaning("share of the variance that components hold", TINY, 1),
    "slack": Meaning("standard deviations that a count may lie off unpunished", 0),
    "smoothing": Meaning("share of each label that goes to all alike", 0, MOST_CHANGED),
    "states": Meaning("states that the network remembers by", 1, 1 << 20),
    "support": Meaning("share of sessions that keep a rule at least", 0.5 + TINY, 1),
    "tail": Meaning("exponent of the tail of counts", TINY),
    "temper": Meaning("power of how often a window came that is its weight", 0, 1),
    "trees": Meaning("how many trees", 1),
    "view": Meaning("the order of events, their counts, or both", choices=tuple(VIEWS)),
    "weight": Meaning("what the newest count weighs", TINY, 1),
    "width": Meaning("width of the network's layers", 1, 1 << 20),
    "window": Meaning("counts that are looked back at", 2),
}  # fmt: skip
"""By the argument's name."""

APART: Mapping[tuple[str, str], Meaning] = {
    ("cusum", "most"): Meaning("deviations that one count adds at most", TINY),
    ("volume-cusum", "most"): Meaning("deviations that one count adds at most", TINY),
    ("gram-neighbours", "columns"): Meaning("n-grams that vectors are made of"),
    ("gram-neighbours", "most"): Meaning("sessions that are kept at most"),
    ("arima", "order"): Meaning("lags of the series, differences, lags of errors", 0, 64),
    ("volume-arima", "order"): Meaning("lags of the series, differences, lags of errors", 0, 64),
    ("sparse-autoencoder", "weight"): Meaning("weight of the units' silence in the loss", 0),
}
"""By detector and argument, where a name means something else than elsewhere."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a constructor.

    `kind` is int, float, str, bool, or `Sequence` of whole numbers.

    `optional`: it can be None.
    """

    name: str
    kind: Any
    optional: bool
    default: Json
    meaning: Meaning

    def parsed(self, text: str) -> Json:
        """The value that `text` is; `ModelError` says what it can be."""
        if self.optional and text.strip().lower() == NONE:
            return None
        found: Json
        try:
            if self.kind is Sequence:
                found = [int(each) for each in text.split(",")]
            elif self.kind is bool:
                found = TRUTH[text.strip().lower()]
            else:
                found = self.kind(text)
        except (ValueError, KeyError):
            raise ModelError(f"{self.name} is {self.expected()}, not {text!r}") from None
        if not self._within(found):
            raise ModelError(f"{self.name} is {self.expected()}, not {text!r}")
        return found

    def expected(self) -> str:
        """What it can be, in words."""
        if self.meaning.choices:
            return f"one of {', '.join(self.meaning.choices)}"
        if self.kind is str:
            return self.meaning.words
        each = {int: "a whole number", float: "a number"}.get(self.kind)
        kind = each or f"{len(self.default)} whole numbers with commas"
        return f"{kind} {self._bounds()}" + (f", or {NONE}" if self.optional else "")

    def _bounds(self) -> str:
        least, most = self.meaning.least, self.meaning.most
        low = f"above {round(least, 6):g}" if least % 0.5 else f"from {least:,.10g}"
        if most == inf:
            return low if least % 0.5 else f"{low} up"
        return f"{low}{', below 1' if most == 1 - TINY else f' to {most:,.10g}'}"

    def _within(self, value: Json) -> bool:
        if self.kind is bool:
            return True
        if self.meaning.choices:
            return value in self.meaning.choices
        if self.kind is str:
            return bool(value)
        if self.kind is Sequence:
            return len(value) == len(self.default) and all(map(self._bounded, value))
        return self._bounded(value)

    def _bounded(self, value: float) -> bool:
        return isfinite(value) and self.meaning.least <= value <= self.meaning.most

    def shown(self) -> str:
        """Its default as `parsed` takes it."""
        return written(self.default)


def written(value: Json) -> str:
    """A value as `Argument.parsed` takes it."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@cache
def arguments(kind: type[Detector[Any]]) -> dict[str, Argument]:
    """The arguments of a detector by their names, in the order of its constructor."""
    hints = get_type_hints(kind.__init__)
    found = {}
    for name, each in inspect.signature(kind).parameters.items():
        hint, optional = hints[name], False
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = (part for part in get_args(hint) if part is not type(None))
            optional = True
        taken = Sequence if get_origin(hint) is Sequence else hint
        meaning = APART.get((kind.name, name)) or MEANINGS[name]
        found[name] = Argument(name, taken, optional, each.default, meaning)
    return found


def parsed(name: str, argument: str, text: str) -> Json:
    """The value `text` of an argument of the detector `name`.

    `ModelError` names what there is where there is no such detector or argument, and what the
    argument can be where the value is none.
    """
    known = arguments(detector(name))
    if argument not in known:
        there = f"there are {', '.join(known)}" if known else "it has none"
        raise ModelError(f"{name} has no argument {argument!r}; {there}{_nearest(argument, known)}")
    try:
        return known[argument].parsed(text)
    except ModelError as error:
        raise ModelError(f"{name}.{error.message}") from error


def _nearest(name: str, known: Mapping[str, Argument]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f": do you mean {found[0]}?" if found else ""
