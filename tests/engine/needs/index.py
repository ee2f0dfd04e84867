"""An index of keywords, as a server makes it of documents: plain names, and texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.needs.need import ALWAYS, Always, Either, Every, Lacks, Need, One, Word
from engine.needs.places import Places
from engine.needs.rules import ALSO
from engine.needs.test import Test, only


def lucene_lower(text: str) -> str:
    """Each letter made small by itself, as Java does."""
    return "".join("i" if letter == "\u0130" else letter.lower() for letter in text)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The values that are indexed, as texts, and their names; arrays are nothing by themselves."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif value is not None:
        yield name, value if isinstance(value, str) else json.dumps(value)


def objects(value: Any, name: str = "") -> Iterator[str]:
    """The names of all objects, empty ones too."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, name)
    elif isinstance(value, Mapping):
        if name:
            yield name
        for key, item in value.items():
            yield from objects(item, f"{name}.{key}" if name else key)


class Index:
    """Documents in an index with or without their case; `passes` is asked of one of them."""

    def __init__(self, documents: Iterable[Mapping[str, Any]], *, folded: bool) -> None:
        self._folded = folded
        documents = list(documents)
        names = {name for document in documents for name, _ in leaves(document)}
        self.places = Places(names, {name for each in documents for name in objects(each)})

    def passes(self, need: Need, document: Mapping[str, Any]) -> bool:
        """Whether a filter made of the need lets the document pass."""
        values: dict[str, list[str]] = {}
        for name, text in leaves(document):
            values.setdefault(name, []).append(lucene_lower(text) if self._folded else text)
        return any(self._may(each, values) for each in (need, *ALSO))

    def _may(self, need: Need, values: Mapping[str, list[str]]) -> bool:
        match need:
            case Every(parts):
                return all(self._may(part, values) for part in parts)
            case Either(parts):
                return any(self._may(part, values) for part in parts)
            case One(field, test, within):
                return self._any(test, self.places.of(field), values, within)
            case Lacks():
                return True
            case Word(test):
                return self._any(test, self.places.words(test), values)
        assert need == Always()
        return True

    def _any(
        self,
        test: Test,
        names: frozenset[str] | None,
        values: Mapping[str, list[str]],
        within: Need = ALWAYS,
    ) -> bool:
        if names is None:
            return True
        texts = [text for name in names for text in values.get(name, ())]
        if self._folded and not test.folded:
            return bool(texts)
        return any(test.holds(text) and self._within(within, text) for text in texts)

    def _within(self, need: Need, text: str) -> bool:
        """Whether a value may be none that the field lacks."""
        match need:
            case Lacks(_, test):
                return not (only(text) and test.proven(lower=self._folded) and test.holds(text))
            case Every(parts):
                return all(self._within(part, text) for part in parts)
            case Either(parts):
                return any(self._within(part, text) for part in parts)
        return True
