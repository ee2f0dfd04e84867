"""The native cutting of blocks into lines, where it was built."""

def split(parts: list[bytes], block: bytes, /) -> tuple[list[bytes], bytes] | None:
    """The lines that end in a block, without their newlines, and what is left of the block.

    The first one began with some `parts`. None where no line ends.
    """
