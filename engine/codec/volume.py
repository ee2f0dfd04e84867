"""What is known of the files of one load, as the bytes of one cache file.

    line 1      {"vedette": "compiled rules", "made": …, "sha256": of all that follows}
    each other  key, a blank, JSON

A key is the hash of a rule file's bytes, or of all files for what correlations became. `made`
says by what it was compiled; what another version or other pipelines made is not looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import orjson

from engine.codec.errors import DecodeError

NAME = "compiled rules"


class Volume:
    """JSON texts by key. Only what was asked for or put in since it was read is written again."""

    def __init__(self, made: str) -> None:
        self.made = made
        self.changed = False
        """Whether something in it is new since it was read."""
        self._known: dict[str, bytes] = {}
        self._used: dict[str, bytes] = {}

    @classmethod
    def read(cls, content: bytes, made: str) -> Volume | None:
        """The volume in a cache file; None when something else made it. Raises `DecodeError`."""
        head, _, body = content.partition(b"\n")
        try:
            found = orjson.loads(head)
            name, by, digest = found["vedette"], found["made"], found["sha256"]
        except (KeyError, TypeError, ValueError) as error:
            raise DecodeError("it does not begin as one") from error
        if name != NAME:
            raise DecodeError("it is something else")
        if by != made:
            return None
        if digest != hashlib.sha256(body).hexdigest():
            raise DecodeError("it was changed since it was written")
        volume = cls(made)
        volume._known = dict(_entries(body))
        return volume

    def get(self, key: str) -> bytes | None:
        """What is known under a key."""
        found = self._used.get(key)
        if found is None and (found := self._known.get(key)) is not None:
            self._used[key] = found
        return found

    def put(self, key: str, text: bytes) -> None:
        """Keep a text, which has no line breaks, under a key."""
        self._used[key] = text
        self.changed = True

    def clear(self) -> None:
        """Forget everything: something in it was not what it should be."""
        self._known, self._used, self.changed = {}, {}, True

    def content(self) -> bytes:
        """The cache file."""
        body = b"".join(b"%s %s\n" % (key.encode(), text) for key, text in self._used.items())
        digest = hashlib.sha256(body).hexdigest()
        head = {"vedette": NAME, "made": self.made, "sha256": digest}
        return orjson.dumps(head) + b"\n" + body


def _entries(body: bytes) -> Iterator[tuple[str, bytes]]:
    for line in body.splitlines():
        key, _, text = line.partition(b" ")
        yield key.decode("ascii", "replace"), text
