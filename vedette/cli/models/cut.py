"""`--window`, `--step`, `--gap` and `--by` of `vedette models fit`: what one window is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from vedette.cli.options import duration

WINDOW = "10m"
GAPS = 12
"""The longest session in gaps, unless told otherwise."""


class Cut(NamedTuple):
    """Seconds, as a plan has them."""

    width: float
    gap: float | None = None
    step: float | None = None


def cut_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options `window`, `step`, `gap` and `by`."""
    for option in (
        click.option(
            "--by", metavar="FIELD", default="",
            help="Windows are of what this field names, in place of a host; of one where an event "
            "has no such field.",
        ),
        click.option(
            "--gap", metavar="DURATION",
            help="Windows are sessions: they end when nothing comes for longer, and with each "
            "--window of time.",
        ),
        click.option(
            "--step", metavar="DURATION",
            help="Windows overlap: one begins every so long, a whole part of --window.",
        ),
        click.option(
            "--window", metavar="DURATION",
            help=f"Length of a window.  [default: {WINDOW}; with --gap {GAPS} times that]",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def cut(window: str | None, step: str | None, gap: str | None) -> Cut:
    """What the options say. Raises `InputError`."""
    from engine.errors import InputError

    if gap is None:
        every = None if step is None else duration(step, "--step").total_seconds()
        return Cut(duration(window or WINDOW, "--window").total_seconds(), step=every)
    if step is not None:
        raise InputError("a session ends at its gap", field="--step", expected="no --gap beside it")
    quiet = duration(gap, "--gap").total_seconds()
    width = GAPS * quiet if window is None else duration(window, "--window").total_seconds()
    if quiet >= width:
        raise InputError(
            f"{gap} is not less than a session lasts at most", field="--gap",
            expected="a longer --window, or none",
        )  # fmt: skip
    return Cut(width, quiet)
