"""Arguments of detectors, given with `--set`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from models.base import Json

SET: Callable[[Any], Any] = click.option(
    "--set",
    "assigned",
    multiple=True,
    metavar="DETECTOR.ARGUMENT=VALUE",
    help="An argument of a detector, as `vedette models list --detectors` lists them; may be "
    "repeated.",
)
ENCODER = "encoder"
"""The argument that names one, or a folder."""


def assigned_to(
    chosen: Mapping[str, Mapping[str, Json]], assigned: Sequence[str]
) -> dict[str, dict[str, Json]]:
    """The detectors `chosen`, each with its arguments, and those of `assigned` in their place.

    `InputError` names what is wrong: the form, a detector or argument that there is not, a value
    that it cannot be, a detector that is not chosen.
    """
    from engine.errors import InputError
    from models.arguments import parsed
    from models.errors import ModelError
    from vedette import encoders

    found = {name: dict(told) for name, told in chosen.items()}
    for each in assigned:
        left, equals, value = each.partition("=")
        name, dot, argument = left.strip().partition(".")
        if not (equals and dot and name and argument):
            raise InputError(
                f"{each!r} sets nothing", field="--set", expected="DETECTOR.ARGUMENT=VALUE"
            )
        try:
            told = parsed(name, argument, value)
        except ModelError as error:
            raise InputError(error.message, field="--set") from error
        if name not in found:
            raise InputError(
                f"{name} is not among the detectors",
                field="--set",
                expected=f"one of {', '.join(found)}, or --detector {name}",
            )
        found[name][argument] = encoders.named(told) if argument == ENCODER else told
    return found
