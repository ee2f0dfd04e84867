"""Options and lines of `vedette models score --steps`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

WAYS = ("occlusion", "gradients", "attention")


def options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--steps` and `--by`."""
    for each in (
        click.option(
            "--by",
            metavar="WAY",
            help="Of --steps: occlusion, gradients (needs torch) or attention (of gpt).  "
            "[default: occlusion]",
        ),
        click.option(
            "--steps",
            "stepwise",
            is_flag=True,
            help="Show the surprising steps of each window, and the events before that each "
            "rests on.",
        ),
    ):
        function = each(function)
    return function
