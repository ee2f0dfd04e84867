"""A rule file at one moment, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.compiled import Compiled
from engine.errors import RuleError

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

    from engine.compile import Parsed


@dataclass(slots=True, eq=False)
class Unit:
    """A file's bytes, and their outcome; `compiled` is None while that is not known.

    `key` is the hash of the bytes; `shaped` says whether pipelines will shape its rules. Where
    something in them is wrong, and an earlier version of the file was right, `documents` are what
    is in force instead, `broken` says what is wrong, `kept` has the titles of what stayed, and
    `mark` is another than the key: it stands for what is in force.
    """

    file: str
    ruleset: str
    raw: bytes
    key: str
    shaped: Callable[[], bool] = bool
    compiled: Compiled | None = None
    mark: str = ""
    documents: list[Any] | None = None
    broken: tuple[RuleError, ...] = ()
    kept: tuple[str, ...] = ()
    parsed: Parsed | None = None
    sigmas: list[SigmaRule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mark = self.mark or self.key

    @classmethod
    def of(cls, file: str, ruleset: str, raw: bytes, shaped: Callable[[], bool] = bool) -> Unit:
        """The unit of a file's bytes."""
        return cls(file, ruleset, raw, hashlib.sha256(raw).hexdigest(), shaped)

    @classmethod
    def unreadable(cls, error: RuleError, file: str, ruleset: str) -> Unit:
        """The unit of a file that could not be read."""
        compiled = Compiled(refused=(error,))
        return cls(file, ruleset, b"", f"unreadable: {error}", compiled=compiled)

    def read(self) -> Parsed:
        """The file as pySigma reads it, to be bound once."""
        from engine.compile import parsed, parsed_documents
        from engine.yaml_text import Documents

        if self.parsed is None and self.documents is not None:
            text = self.raw.decode("utf-8-sig", "replace")
            documents = Documents(self.file, text, deepcopy(self.documents))
            self.parsed = parsed_documents(documents, self.ruleset, self.shaped)
        elif self.parsed is None:
            self.parsed = parsed(self.raw, self.file, self.ruleset, self.shaped)
        return self.parsed

    def filters(self) -> int:
        """How many filters it holds that can be applied."""
        return len(self.compiled.filters if self.compiled else self.read().filters)

    def forget(self) -> None:
        """Let go of what pySigma made: it is large, and would not do for a second binding."""
        self.parsed, self.sigmas = None, []
