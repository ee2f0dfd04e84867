"""What a search asks: fields, modifiers and values as written, with their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Value:
    """A value as YAML gives it; `plain` is its text when it was written without quotes."""

    value: Any
    line: int
    plain: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A field (None: keywords) with its modifiers and values.

    `place` is the same for items of one mapping, which must all hold; `listed` says whether the
    values are written as a list.
    """

    search: str
    field: str | None
    modifiers: tuple[str, ...]
    values: tuple[Value, ...]
    line: int
    place: int
    listed: bool

    @property
    def key(self) -> str:
        """As it is written: `Image|endswith`."""
        return "|".join((self.field or "", *self.modifiers))

    @property
    def texts(self) -> list[tuple[str, int]]:
        """The values that are texts, with their lines."""
        return [(v.value, v.line) for v in self.values if isinstance(v.value, str)]

    @property
    def any_of(self) -> bool:
        """Whether one of the values is enough."""
        return "all" not in self.modifiers

    def has(self, *modifiers: str) -> bool:
        """Whether it has any of these modifiers."""
        return any(modifier in self.modifiers for modifier in modifiers)


def items_of(search: str, value: Any, node: yaml.Node, line: int) -> Iterator[Item]:
    """The items of one search: a mapping, a list of mappings, keywords, or lists of these."""
    if isinstance(value, dict) and isinstance(node, yaml.MappingNode):
        yield from _mapping(search, value, node)
    elif isinstance(value, list) and isinstance(node, yaml.SequenceNode):
        keywords = []
        for item, child in zip(value, node.value, strict=False):
            if isinstance(item, dict | list):
                yield from items_of(search, item, child, child.start_mark.line + 1)
            else:
                keywords.append(_value(item, child))
        if keywords:
            yield Item(search, None, (), tuple(keywords), line, id(node), listed=True)
    elif not isinstance(value, dict | list):
        yield Item(search, None, (), (_value(value, node),), line, id(node), listed=False)


def _mapping(search: str, value: dict[Any, Any], node: yaml.MappingNode) -> Iterator[Item]:
    for key, child in node.value:
        if key.value not in value:
            continue
        name, *modifiers = str(key.value).split("|")
        listed = isinstance(child, yaml.SequenceNode)
        values = tuple(_values(value[key.value], child))
        line = key.start_mark.line + 1
        yield Item(search, name or None, tuple(modifiers), values, line, id(node), listed)


def _values(value: Any, node: yaml.Node) -> Iterator[Value]:
    if isinstance(value, list) and isinstance(node, yaml.SequenceNode):
        for item, child in zip(value, node.value, strict=False):
            yield _value(item, child)
    else:
        yield _value(value, node)


def _value(value: Any, node: yaml.Node) -> Value:
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return Value(value, node.start_mark.line + 1, node.value if plain else None)
