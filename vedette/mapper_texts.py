"""What rules and events say to a mapper: their words, values, fields and log source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from engine.rule import Rule
from mitre.catalog import Catalog
from mitre.example import Example, signs
from mitre.tags import map_tags

_ASIDE = ("condition", "timeframe")


def rule_examples(rules: Iterable[Rule], catalog: Catalog) -> Iterator[Example]:
    """Each rule with the techniques of its tags, which may be none."""
    for rule in rules:
        mapping = map_tags(rule.tags, catalog)
        yield Example(
            id=rule.id,
            title=rule.title,
            techniques=tuple(t.id for t in mapping.techniques),
            prose=f"{rule.title}. {rule.description or ''}".strip(),
            values=" ".join(values(rule.document)),
            signs=signs(source_of(rule), tuple(dict.fromkeys(fields(rule.document)))),
            tactics=tuple(t.shortname for t in mapping.tactics),
        )


def source_of(rule: Rule) -> dict[str, str | None]:
    """A rule's log source, as a mapper takes it."""
    source = rule.logsource
    return {"product": source.product, "category": source.category, "service": source.service}


def values(document: Mapping[str, Any]) -> Iterator[str]:
    """The values that a rule looks for, as they are written."""
    for _, value in _leaves(document):
        yield value


def fields(document: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields that a rule reads, without modifiers."""
    for name, _ in _leaves(document):
        if name:
            yield name


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    detection = document.get("detection")
    if isinstance(detection, Mapping):
        for name, part in detection.items():
            if name not in _ASIDE:
                yield from _inside("", part)


def _inside(field: str, part: object) -> Iterator[tuple[str, str]]:
    """Field and value of each leaf; the field of a keyword is empty."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            yield from _inside(str(name).partition("|")[0], value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _inside(field, value)
    elif part is not None:
        yield field, str(part)


LARGEST = 1_000
"""Fields of an event that are looked at."""


def event_query(
    event: Mapping[str, Any], known: frozenset[str] = frozenset()
) -> tuple[str, tuple[str, ...]]:
    """The values of an event, and the names of their fields, as `Mapper.rank` takes them.

    Only fields among `known` (lower case), by whole name or last part; all where none is.
    """
    leaves = list(islice(_flat("", event), LARGEST))
    some = [(n, v) for n, v in leaves if {n.lower(), n.rpartition(".")[2].lower()} & known]
    chosen = some or leaves
    names = dict.fromkeys(name.rpartition(".")[2] for name, _ in chosen)
    return " ".join(value for _, value in chosen), tuple(names)


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(name, inner)
    elif value is not None and value != "":
        yield name, str(value)


def told(example: Example) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Log source and fields of an example, as `Mapper.rank` takes them."""
    pairs = [sign.partition(":")[::2] for sign in example.signs]
    source: dict[str, str | None] = {key: value for key, value in pairs if key != "field"}
    return source, tuple(value for key, value in pairs if key == "field")
