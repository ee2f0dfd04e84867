"""Chosen fields masked, or replaced by a keyed hash, before anything is stored.

A hash keeps what belongs together together: equal values have equal names, in every field. Without
the key nobody can find a value by trying all; with it anybody can, so it is a pseudonym and no
anonymity. A value that was hidden in a field is hidden in the texts of the same event too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from models.errors import ModelError

MASK = "[masked]"
SHORTEST_KEY = 16
"""Bytes that a key must have."""
SHORTEST = 3
"""ASCII characters of a value that is looked for in texts: "a" would be found in every word."""


class Privacy:
    """Hides values of events.

    mask, hash_   fields, by their names with dots: `user.name` is also `{"user": {"name": ...}}`,
                  and all below it
    texts         fields in which hidden values of the same event are hidden, too
    key           a secret of 16 bytes or more; the same key gives the same hashes
    """

    def __init__(
        self,
        mask: Iterable[str] = (),
        hash_: Iterable[str] = (),
        texts: Iterable[str] = ("message", "event.original"),
        key: bytes = b"",
    ) -> None:
        self._mask, self._hash, self._texts = frozenset(mask), frozenset(hash_), frozenset(texts)
        if self._hash and not SHORTEST_KEY <= len(key) <= blake2b.MAX_KEY_SIZE:
            raise ModelError(
                f"hashing fields needs a key of {SHORTEST_KEY} to {blake2b.MAX_KEY_SIZE} bytes"
            )
        both = self._mask & self._hash
        if both:
            raise ModelError(f"{min(both)} is to be masked and hashed: choose one")
        self._key = key
        self.met: set[str] = set()
        """The fields to be hidden that some event had: of a name that is mistyped there is none."""

    def __repr__(self) -> str:
        return f"Privacy(mask={sorted(self._mask)}, hash_={sorted(self._hash)})"  # never the key

    def hides(self, field: str) -> bool:
        """Whether the field, or one above it, is hidden."""
        return _chosen(field, self._mask | self._hash) is not None

    def pseudonym(self, value: object) -> str:
        """The name that stands for `value`: 32 hexadecimal digits. 5 and "5" have the same."""
        text = str(value).encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._key, digest_size=16, person=b"vedette").hexdigest()

    def apply(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of `event`, flat or nested, with chosen fields hidden; `event` stays as it is."""
        hidden: dict[str, str] = {}
        copy = {key: self._walk(value, key, hidden) for key, value in event.items()}
        if not hidden:
            return copy
        return {key: self._clean(value, key, hidden) for key, value in copy.items()}

    def _walk(self, value: Any, path: str, hidden: dict[str, str]) -> Any:
        hashed, masked = _chosen(path, self._hash), _chosen(path, self._mask)
        if chosen := hashed or masked:
            self.met.add(chosen)
            return self._hide(value, hashed is not None, hidden)
        if isinstance(value, Mapping):
            return {key: self._walk(each, f"{path}.{key}", hidden) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._walk(each, path, hidden) for each in value]
        return value

    def _hide(self, value: Any, hashed: bool, hidden: dict[str, str]) -> Any:
        """What stands for `value` and all in it; notes what to look for in texts."""
        if value is None:
            return None
        if isinstance(value, Mapping):
            return {key: self._hide(each, hashed, hidden) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._hide(each, hashed, hidden) for each in value]
        name = self.pseudonym(value) if hashed else MASK
        if _long(str(value)):
            hidden.setdefault(str(value).lower(), name)
        return name

    def _clean(self, value: Any, path: str, hidden: dict[str, str]) -> Any:
        if isinstance(value, Mapping):
            return {key: self._clean(each, f"{path}.{key}", hidden) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(each, path, hidden) for each in value]
        if isinstance(value, str) and _chosen(path, self._texts) is not None:
            return _replaced(value, hidden)
        return value


def _chosen(path: str, fields: frozenset[str]) -> str | None:
    """The field, or the nearest one above it, that is among `fields`."""
    parts = path.split(".")
    above = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((each for each in above if each in fields), None)


def _long(value: str) -> bool:
    return len(value) >= SHORTEST or (bool(value) and not value.isascii())


def _replaced(text: str, hidden: Mapping[str, str]) -> str:
    """`text` without hidden values, in whatever case; the longer of two at one place counts."""
    lower = text.lower()
    there = sorted((value for value in hidden if value in lower), key=len, reverse=True)
    if not there:
        return text
    pattern = re.compile("|".join(map(re.escape, there)), re.IGNORECASE)
    return pattern.sub(lambda match: hidden.get(match.group().lower(), MASK), text)
