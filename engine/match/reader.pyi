"""The native reader of lines, where it was built."""

from collections.abc import Callable
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
        asks: tuple[Callable[[bytes | None], Any], ...],
        answer: Callable[[Any], Any],
        whole: Callable[[Any, Any], Any],
        missed: Callable[[], None],
        words: Words | Callable[[bytes], Any] | None,
        by_words: tuple[Any, ...],
    ) -> Reader: ...
    def read(self, line: bytes) -> Any: ...
    def learn(self, object: int, key: bytes, allowed: int) -> None: ...

class Chooser:
    """Has the reader that a line is for say what may match the line.

    `forget` must be called when the readers were changed.
    """

    def __new__(cls, readers: dict[bytes, Reader], type: type[Reader]) -> Chooser: ...
    def candidates(self, line: bytes) -> Any: ...
    def forget(self) -> None: ...

class Words:
    """Looks for a few words, in lower case, in any case; raises ValueError where it cannot.

    `quick` says to look at many places at once, where the machine can.
    """

    def __new__(cls, words: tuple[bytes, ...], quick: bool = True) -> Words: ...
    def find(self, line: bytes) -> int: ...
