"""Reading a few values of a line of JSON alone, where it is as demanded.

What may be read are texts, numbers and null; not `true` and `false`, without which values that are
equal in Python, 1 and 1.0, are equal to every rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, Literal

import msgspec

from engine.match.demands import Demands, Fixed, Key, Made, Path, paths

Values = tuple[Any, ...]
Decode = Callable[[bytes], Values]

WHOLE = 1 << 63
"""Whole numbers from here on are rounded by the parser that events go through."""

UNFIT = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises on a line that is no JSON, or whose values are none that are judged here."""


def decoder(
    keys: Sequence[Key], demands: Demands, fixed: Fixed, order: Sequence[Path], *, whole: bool
) -> Decode:
    """What reads the values of some keys of a JSON object, UNSET for one that it does not have.

    Several values that make one together are a tuple. There may be more values than keys. With
    `whole`, the object must be as demanded, and have one of the fixed values each; else it is only
    the keys that must; if it is not, that raises one of `UNFIT`. `order` are the paths of an object
    whose order others are likely to have, too: the decoder need not search for them.
    """
    rank = {path: place for place, path in enumerate(order)}
    wanted = sorted(set(paths(keys)), key=lambda path: (rank.get(path, len(rank)), path))
    tree = Tree(wanted, demands, fixed, whole=whole)
    decode, astuple = msgspec.json.Decoder(tree.struct()).decode, msgspec.structs.astuple
    if tree.flat and list(keys) == wanted:
        return lambda line: astuple(decode(line))
    holders, pick = tree.holders(), tree.pick()
    if list(keys) == wanted:
        return lambda line: pick(tuple(chain.from_iterable(map(astuple, holders(decode(line))))))
    places: list[Any] = [
        tuple(map(wanted.index, key.parts)) if isinstance(key, Made) else wanted.index(key)
        for key in keys
    ]

    def joined(line: bytes) -> Values:
        found = pick(tuple(chain.from_iterable(map(astuple, holders(decode(line))))))
        return tuple(
            [found[at] if type(at) is int else tuple([found[n] for n in at]) for at in places]
        )

    return joined


class Tree:
    """The objects of a line, as msgspec is told of them: each a struct.

    `below` has the keys of each object that something is said of; at a path that is `shut` there
    may be nothing.
    """

    def __init__(
        self, wanted: Sequence[Path], demands: Demands, fixed: Fixed, *, whole: bool
    ) -> None:
        self._demands, self._fixed, self._wanted = demands, fixed, wanted
        self.below: dict[Path, dict[str, None]] = {(): {}}
        self.shut: set[Path] = set()
        for path in (*wanted, *fixed) if whole else wanted:
            self._add(path)
        if whole:
            for path in sorted({*demands.demanded(), *demands.apart}):
                self._add(path)
            for path in sorted(demands.unseen):
                self._shut_out(path)
        self._places: dict[Path, tuple[str, int]] = {}
        """The struct that has a value, by the names that lead to it, and where."""
        self.flat = len(self.below) == 1
        """Whether it is one object."""

    def struct(self) -> type[msgspec.Struct]:
        """What the outermost object is to msgspec; to be made once, before the rest is asked."""
        return self._made((), "")[0]

    def _add(self, path: Path) -> None:
        for length, key in enumerate(path):
            self.below.setdefault(path[:length], {}).setdefault(key)

    def _shut_out(self, path: Path) -> None:
        """Nothing may lead to a path."""
        length = next(n for n in range(1, len(path) + 1) if path[:n] not in self.below)
        self.below[path[: length - 1]].setdefault(path[length - 1])
        if length == len(path):
            self.shut.add(path)

    def _made(self, path: Path, access: str) -> tuple[type[msgspec.Struct], bool]:
        """The struct for an object, and whether it must be there."""
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}
        for place, key in enumerate(self.below[path]):
            name, inner = f"value{place}", (*path, key)
            names[name] = key
            if inner in self.below:
                struct, required = self._made(inner, f"{access}.{name}" if access else name)
                fields.append((name, struct, msgspec.NODEFAULT if required else struct()))
            else:
                self._places[inner] = (access, place)
                kind, required = self._kind(inner)
                fields.append((name, kind, msgspec.NODEFAULT if required else msgspec.UNSET))
        struct = msgspec.defstruct("Values", fields, rename=names, kw_only=True, frozen=True,
                                   gc=False)  # fmt: skip
        return struct, any(default is msgspec.NODEFAULT for _, _, default in fields)

    def _kind(self, path: Path) -> tuple[Any, bool]:
        """The type of what may stand at a path, and whether it must."""
        demands = self._demands
        required = demands.required(path) or path in self._fixed
        if path in demands.never or path in self.shut or path in demands.empty & demands.filled:
            return msgspec.UnsetType, required  # if it must be there as well, nothing fits
        if path in self._fixed:
            return Literal[tuple(self._fixed[path])], True
        kind: Any = str if path in demands.texts else str | int | float
        if path in demands.empty:
            kind = NoneType
        elif path not in demands.filled:
            kind = kind | None
        if path in demands.listed and path not in self._wanted:
            kind = kind | list[str | int | float | None]
        return kind if required else kind | msgspec.UnsetType, required

    def holders(self) -> Callable[[Any], tuple[Any, ...]]:
        """What gets the structs that have values."""
        found = list(dict.fromkeys(self._places[path][0] for path in self._wanted))
        inner = [access for access in found if access]
        if not inner:
            return lambda struct: (struct,)
        get = attrgetter(*inner)
        if len(inner) == 1:
            return (lambda s: (s, get(s))) if "" in found else (lambda s: (get(s),))
        return (lambda s: (s, *get(s))) if "" in found else get

    def pick(self) -> Callable[[Values], Values]:
        """What takes the values out of those of all these structs, one after the other."""
        sizes = {self._places[(*path, key)][0]: len(keys) for path, keys in self.below.items()
                 for key in keys if (*path, key) in self._places}  # fmt: skip
        used = dict.fromkeys(self._places[path][0] for path in self._wanted)
        starts, start = {}, 0
        for access in sorted(used, key=bool):  # the outermost comes first
            starts[access] = start
            start += sizes[access]
        found = [starts[access] + at for access, at in map(self._places.__getitem__, self._wanted)]
        if found == list(range(len(found))):
            return lambda values: values
        one = itemgetter(*found)
        return one if len(found) > 1 else lambda values: (one(values),)
