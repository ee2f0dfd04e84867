"""The native cutting of blocks into lines, where it was built."""

def split(block: bytes, start: int, end: int, /) -> list[bytes]:
    """The lines between two places of a block, each of which ends with a newline, without it.

    Raises ValueError where the last one has none, or the block has no such places.
    """
