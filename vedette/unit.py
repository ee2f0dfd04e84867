"""A piece of work that one instance does at a time: a pipeline, or a hunt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Unit(Protocol):
    """What `vedette.supervisor` runs, each unit in a thread of its own.

    Everything is called in that thread: first `take_up`, then `due` and `run` again and again,
    and `drop` when the unit is not this instance's any more. An error of any kind may come out of
    `run`; what is in memory is dropped then, and taken up again after a pause.
    """

    @property
    def name(self) -> str:
        """The name that its lease is under, the same in every instance (`pipeline main`)."""
        ...

    @property
    def title(self) -> str:
        """What it is called in the log (`hunt Many Logons Fail`)."""
        ...

    def take_up(self, token: int) -> None:
        """It is this instance's from now on, under this fencing token: claim what it writes to.

        Raises `LeaseError` where a greater token has been there.
        """
        ...

    def due(self) -> datetime | None:
        """When there is something to do next; None when there is nothing left, ever."""
        ...

    def run(self, stop: Callable[[], bool]) -> None:
        """Do what is due, if anything is; end early, where nothing is half done, once `stop` says.

        It may be called before its time. Raises `LeaseError` when it finds that it lost its lease.
        """
        ...

    def drop(self) -> None:
        """It is not this instance's any more: forget what is in memory. May be repeated."""
        ...
