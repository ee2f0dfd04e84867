"""A rich console that suits the stream it writes to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 120


def wants_color(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal that takes colour (NO_COLOR and TERM=dumb say no)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "") != "dumb"


def console(out: TextIO, width: int | None, color: bool) -> Console:
    """A console that prints text as it is: no markup, no highlighting, no emoji codes.

    `width` is in columns; None means the terminal's, and 120 where there is no terminal. A
    stream that cannot encode a character gets its escape instead of an error.
    """
    from rich.console import Console

    if width is None and not out.isatty():
        width = _PIPED_WIDTH
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None and not speaks_unicode(out):
        reconfigure(errors="backslashreplace")
    return Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )


def speaks_unicode(out: TextIO) -> bool:
    """Whether a stream can write any character."""
    encoding = (getattr(out, "encoding", None) or "utf-8").lower()
    return encoding.replace("_", "-").startswith("utf")
