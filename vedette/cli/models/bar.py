"""How far a command of `vedette models` is: a bar on a terminal."""

from __future__ import annotations

import sys
from typing import Self

import click

WIDE = 24


class Bar:
    """A line on stderr that is written over, if that is a terminal; gone when left."""

    def __init__(self, total: int) -> None:
        """`total`: after how many steps all is done."""
        self._total, self.shown = max(total, 1), sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def step(self, done: int, what: str) -> None:
        """Say that `done` steps are done, and what goes on now."""
        if self.shown:
            full = min(done, self._total) * WIDE // self._total
            bar = "█" * full + "·" * (WIDE - full)
            click.echo(f"\r\x1b[K{bar} {done:,} of {self._total:,}  {what}", nl=False, err=True)


class Learning(Bar):
    """What a model learns now: a bar on a terminal, else a line for each detector."""

    def __init__(self, detectors: int, folds: int) -> None:
        """Each of so many detectors is fitted for each fold, and once for all of them."""
        super().__init__(1 + detectors * (folds + 1))
        self._begun, self._last = 0, ""

    def begin(self, part: str) -> None:
        """Say that `part` is learned from here on."""
        self.step(self._begun, f"learning: {part}")
        self._begun += 1
        if part != self._last and not self.shown:
            click.echo(f"learning: {part}", err=True)
        self._last = part
