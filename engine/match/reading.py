"""The native reader of lines (`engine/match/reader.c`), and what it is told.

It goes once through a line's bytes, checks that they are strict JSON, takes the values that a plan
reads as they stand there, and has each key that it passes checked: by what a plan demands, and by
what `engine.match.guard` looks for. It is optional: without it, and for every line of which it says
nothing, msgspec and the guard do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any

import orjson

from engine.layout import NESTED, OTHER_WAYS
from engine.match.answers import Answers
from engine.match.body import Held
from engine.match.decoder import Tree
from engine.match.demands import Demands, Fixed, Key, Path, paths
from engine.match.fieldtests import LONGEST_KEPT
from engine.match.guard import WRAPPERS, Finds

if TYPE_CHECKING:
    from engine.match.reader import Chooser, Reader, Words

TEXT, NUMBER, EMPTY, BOOLEAN, LIST, ANY_LIST, OBJECT = (1 << n for n in range(7))
ANY = 127
"""Kinds of values; a `LIST` has texts, numbers and nulls alone. The same in `reader.c`."""


def chooser(readers: dict[bytes, Reader]) -> Chooser:
    """What says what may match a line, by the readers of hints; None where they cannot tell."""
    from engine.match.reader import Chooser, Reader

    return Chooser(readers, Reader)


class Reading:
    """A native reader for a plan, and what keys may have that it does not know.

    `early` and `late` are the keys whose values it reads, `fields` those that rules ask for. `held`
    has for each key what holds of the values seen, by their bytes (None for null, and for one that
    a line does not have); `asks` say it of others, None where that cannot be told. `answers` has
    the answers for what holds. `missed` is called for each line with anything that was not known.
    `words` looks for the keywords of rules, which are `by_words`.
    """

    def __init__(
        self,
        early: Sequence[Key],
        late: Sequence[Key],
        fields: Set[str],
        demands: Demands,
        fixed: Fixed,
        held: Sequence[dict[Any, Any]],
        asks: Sequence[Callable[[bytes | None], Held | None]],
        answers: Answers,
        missed: Callable[[], None],
        words: Words | Finds | None,
        by_words: tuple[Any, ...],
    ) -> None:
        """Raises ValueError where the plan asks for more than it can do."""
        keys = [*early, *late]
        from engine.match.reader import Reader

        self._demands, self._fields = demands, fields
        self._wanted = list(dict.fromkeys(paths(keys)))
        tree = Tree(self._wanted, demands, fixed, whole=True)
        self._objects = list(tree.below)
        rows = []
        for path, below in tree.below.items():
            rows += [self._row(tree, fixed, path, key) for key in below]
        places = {path: place for place, path in enumerate(self._wanted)}
        slots = tuple(tuple(places[path] for path in paths([key])) for key in keys)
        self.reader = Reader(
            len(self._objects), len(self._wanted), tuple(rows), slots, tuple(held), len(early),
            answers.known, LONGEST_KEPT, tuple(asks), answers.early, answers.whole, missed, words,
            by_words,
        )  # fmt: skip
        self.read = self.reader.read
        """An answer, a key that is to be learnt, or None."""

    def learn(self, line: bytes, found: Any) -> Any:
        """As `read`, for a line in which it found a key that it does not know."""
        while type(found) is list:
            place, key = found
            try:
                self.reader.learn(place, key, self._allowed(place, key.decode()))
            except ValueError:  # it has no room for it
                return None
            found = self.read(line)
        return found

    def _row(self, tree: Tree, fixed: Fixed, path: Path, key: str) -> tuple[Any, ...]:
        place, inner = self._objects.index(path), (*path, key)
        allowed = self._allowed(place, key)
        if inner in tree.below:
            object_ = self._objects.index(inner)
            return place, key.encode(), allowed & OBJECT, object_, -1, False, None
        value = self._wanted.index(inner) if inner in self._wanted else -1
        needed = inner in fixed or self._demands.required(inner)
        only = tuple(map(orjson.dumps, fixed[inner])) if inner in fixed else None
        allowed &= 0 if inner in tree.shut else _kinds(inner, self._demands, value >= 0)
        return place, key.encode(), allowed, -1, value, needed, only

    def _allowed(self, place: int, key: str) -> int:
        """What may stand at a key, so that no rule sees another value by it."""
        dotted = self._demands.dotted
        if dotted is None:
            if key in NESTED or key in WRAPPERS or key.startswith(OTHER_WAYS):
                return 0
        elif key.startswith("logsource") or any(
            char == "." and key[:at] in dotted for at, char in enumerate(key)
        ):
            return 0
        if " " not in key:
            return ANY
        # it goes by its name without the space as well
        if place == len(self._objects):
            return 0
        name = ".".join((*self._objects[place], key)).replace(" ", "")
        if any(name == field or name.endswith(f".{field}") for field in self._fields):
            return 0
        return ANY & ~(OBJECT | ANY_LIST)


def _kinds(path: Path, demands: Demands, read: bool) -> int:
    """What may stand at a path, as `engine.match.decoder` has it."""
    if path in demands.never or path in demands.empty & demands.filled:
        return 0
    if path in demands.empty:
        return EMPTY
    kinds = TEXT if path in demands.texts else TEXT | NUMBER
    if path not in demands.filled:
        kinds |= EMPTY
    return kinds | LIST if path in demands.listed and not read else kinds
