"""The detectors that there are, with their sources and arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.base import Detector


def fittable() -> dict[str, type[Detector[Any]]]:
    """The detectors that a model can be made of, by name."""
    from models.bundle.plan import NOT_YET
    from models.registry import detectors

    return {name: kind for name, kind in detectors().items() if kind.takes not in NOT_YET}


def as_json(kind: type[Detector[Any]]) -> dict[str, Any]:
    """A detector as JSON holds it."""
    from models.arguments import arguments
    from models.bundle.plan import DEFAULT

    return {
        "detector": kind.name,
        "takes": str(kind.takes),
        "default_set": kind.name in DEFAULT,
        "learns_with": list(kind.learns_with),
        "says": _says(kind),
        "source": kind.source,
        "arguments": [
            {
                "name": each.name,
                "default": DEFAULT.get(kind.name, {}).get(each.name, each.default),
                "expected": each.expected(),
                "meaning": each.meaning.words,
            }
            for each in arguments(kind).values()
        ],
    }


def in_words(kind: type[Detector[Any]]) -> Iterator[str]:
    """The same as lines to read."""
    from models.arguments import arguments, written
    from models.bundle.plan import DEFAULT

    told = [f"takes {kind.takes}"]
    told += ["in the default set"] if kind.name in DEFAULT else []
    told += [f"needs {' and '.join(kind.learns_with)} to learn"] if kind.learns_with else []
    yield f"{kind.name}  {', '.join(told)}"
    yield f"    {_says(kind)}"
    yield f"    {kind.source}"
    for each in arguments(kind).values():
        default = DEFAULT.get(kind.name, {}).get(each.name, each.default)
        bounds = "" if each.kind is str and not each.meaning.choices else f" ({each.expected()})"
        yield f"      {each.name}={written(default)}  {each.meaning.words}{bounds}"


def _says(kind: type[Detector[Any]]) -> str:
    """What its score is: the first paragraph of what its class says."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
