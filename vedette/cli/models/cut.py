"""`--window` and `--gap` of `vedette models fit`: what one window is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from vedette.cli.options import duration

WINDOW = "10m"
GAPS = 12
"""The longest session in gaps, unless told otherwise."""


def cut_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The two options, `window` and `gap`."""
    for option in (
        click.option(
            "--gap", metavar="DURATION",
            help="Windows are sessions: they end when nothing comes for longer, and with each "
            "--window of time.",
        ),
        click.option(
            "--window", metavar="DURATION",
            help=f"Length of a window.  [default: {WINDOW}; with --gap {GAPS} times that]",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def cut(window: str | None, gap: str | None) -> tuple[float, float | None]:
    """Width and gap in seconds, as a plan has them. Raises `InputError`."""
    from engine.errors import InputError

    if gap is None:
        return duration(window or WINDOW, "--window").total_seconds(), None
    quiet = duration(gap, "--gap").total_seconds()
    width = GAPS * quiet if window is None else duration(window, "--window").total_seconds()
    if quiet >= width:
        raise InputError(
            f"{gap} is not less than a session lasts at most", field="--gap",
            expected="a longer --window, or none",
        )  # fmt: skip
    return width, quiet
