"""The native reader of lines, where it was built."""

from typing import Any

class Reader:
    """Reads the values of a few keys of a line of JSON, and has the answers that are known."""

    def __new__(
        cls,
        objects: int,
        values: int,
        rows: tuple[tuple[int, bytes, int, int, int, bool, tuple[bytes, ...] | None], ...],
        slots: tuple[tuple[int, ...], ...],
        held: tuple[dict[Any, Any], ...],
        early: int,
        known: dict[Any, Any],
        longest: int,
    ) -> Reader: ...
    def read(self, line: bytes) -> Any: ...
    def learn(self, object: int, key: bytes, allowed: int) -> None: ...
