"""The faults there are: each is a function in a file of `tests/reliability/faults/`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reliability.scene import Scene


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, and how hard.

    `play` breaks it on a scene, `dose` times or so (`unit` says what is counted). `small` are the
    doses of a test, `full` those of `make long`. `servers` names the kinds it is shown on; `own`
    says that it starts nodes of its own and is given a scene without one.
    """

    name: str
    play: Callable[[Any, int], None]
    unit: str
    small: tuple[int, ...]
    full: tuple[int, ...]
    servers: tuple[str, ...] = ("opensearch", "elasticsearch")
    own: bool = False
    quick: bool = True
    """Whether its small doses are among the tests."""

    @property
    def about(self) -> str:
        """The first line of what it says of itself."""
        return (self.play.__doc__ or "").strip().splitlines()[0]


FAULTS: dict[str, Fault] = {}

Play = Callable[[Scene, int], None]


def fault(name: str, unit: str, **how: Any) -> Callable[[Play], Play]:
    """Register a function as a fault."""

    def register(play: Play) -> Play:
        FAULTS[name] = Fault(name, play, unit, **how)
        return play

    return register


def found() -> dict[str, Fault]:
    """Every fault by its name, in the order of files."""
    for file in sorted((Path(__file__).parent / "faults").glob("[!_]*.py")):
        importlib.import_module(f"tests.reliability.faults.{file.stem}")
    return FAULTS
