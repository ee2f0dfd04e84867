"""Cuts a block of bytes into its lines, in C where that was built."""

from __future__ import annotations

import os
from importlib.util import find_spec
from io import BytesIO

NATIVE = os.environ.get("VEDETTE_NATIVE", "1") != "0" and bool(
    find_spec("connectors.files.splitter")
)


def plain(parts: list[bytes], block: bytes) -> tuple[list[bytes], bytes] | None:
    """The lines that end in a block, without their newlines, and what is left of the block.

    The first one began with some `parts`. None where no line ends.
    """
    end = block.rfind(b"\n") + 1
    if not end:
        return None
    # `split` looks at each byte by itself, which for long lines takes four times as long
    lines = [line[:-1] for line in BytesIO(block[:end]).readlines()]
    lines[0] = b"".join((*parts, lines[0]))
    return lines, block[end:]


if NATIVE:
    from connectors.files.splitter import split as native

    split = native
else:
    split = plain
