"""A rule file as the checks see it: what is written, on which line, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from sigma.conditions import ConditionItem

from engine.errors import RuleError
from engine.kinds import LogSource
from engine.rule import Rule
from vedette.condition import Use, parse_condition, searches, uses
from vedette.lint.items import Item, items_of

Kind = Literal["rule", "correlation", "filter", "part"]
"""`part`: a piece of a rule that the old `action:` form spreads over several documents."""

_IGNORE = re.compile(r"(?:^|\s)#\s*vedette:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)")


@dataclass(eq=False)
class RuleFile:
    """One file: its text, its documents, and the engine's reasons to refuse them."""

    path: Path
    text: str
    documents: list[Document] = field(default_factory=list)
    broken: RuleError | None = None
    refused: list[RuleError] = field(default_factory=list)
    warned: list[RuleError] = field(default_factory=list)
    """What the engine says of exceptions that are for no rule."""

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self.path)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return self.text.split("\n")

    def document_at(self, line: int) -> Document | None:
        """The document that a line belongs to."""
        before = [document for document in self.documents if document.line() <= line]
        return before[-1] if before else next(iter(self.documents), None)

    @cached_property
    def ignores(self) -> dict[int, frozenset[str]]:
        """Line → checks that a comment on it, or alone on the line before, turns off.

        Line 0 holds those of comments above the first key: they count for the whole file.
        """
        found: dict[int, set[str]] = {}
        if "vedette:" not in self.text:
            return {}
        head = True
        for number, line in enumerate(self.lines, start=1):
            alone = line.lstrip().startswith("#")
            head = head and (alone or line.strip() in ("", "---"))
            if match := _IGNORE.search(line):
                names = {name.strip() for name in match[1].split(",")}
                place = 0 if head else number + 1 if alone else number
                found.setdefault(place, set()).update(names)
        return {line: frozenset(names) for line, names in found.items()}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition's text and line; `tree` is None when it cannot be parsed."""

    text: str
    line: int
    tree: ConditionItem | None

    @property
    def uses(self) -> list[Use]:
        """Every mention of searches, left to right."""
        return list(uses(self.tree))


@dataclass(eq=False)
class Document:
    """One YAML document of a rule file. `rule` is None when the engine does not use it so."""

    file: RuleFile
    data: dict[Any, Any]
    node: yaml.MappingNode
    kind: Kind
    rule: Rule | None = None

    @property
    def feeds(self) -> bool:
        """Whether the rule only feeds correlations: then these speak for it."""
        return self.rule is not None and not self.rule.output

    @property
    def title(self) -> str | None:
        """The title, when it is a text."""
        title = self.data.get("title")
        return title if isinstance(title, str) else None

    def get(self, *path: str) -> Any:
        """The value under nested keys, or None."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def texts(self, key: str) -> list[str]:
        """The texts under a key that holds one text or a list of them."""
        value = self.data.get(key)
        return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]

    def line(self, *path: str | int) -> int:
        """The line of what a path of keys and places leads to, or of as much of it as exists."""
        node: yaml.Node = self.node
        line = node.start_mark.line + 1
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            node, line = child
        return line

    @cached_property
    def source(self) -> LogSource:
        """The log source as it is written; parts that are no text count as absent."""
        parts = (self.get("logsource", key) for key in ("product", "service", "category"))
        return LogSource(*(part.lower() if isinstance(part, str) else None for part in parts))

    @cached_property
    def searches(self) -> list[str]:
        """The names of the detection's searches, in order."""
        detection = self.data.get("detection")
        return searches(detection) if isinstance(detection, dict) else []

    @cached_property
    def conditions(self) -> list[Condition]:
        """The conditions: usually one."""
        written = self.get("detection", "condition")
        return [
            Condition(text, self.line("detection", "condition", place), parse_condition(text))
            for place, text in enumerate(written if isinstance(written, list) else [written])
            if isinstance(text, str)
        ]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """What the searches ask: every field with its modifiers and values."""
        found = _child(self.node, "detection")
        if found is None or not isinstance(self.data.get("detection"), dict):
            return ()
        node, _ = found
        return tuple(
            item
            for name in self.searches
            if (search := _child(node, name))
            for item in items_of(name, self.data["detection"][name], *search)
        )


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, int] | None:
    """A node's child by key (with the key's line) or by place (with its own)."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child, child.start_mark.line + 1
    return None


def documents_of(file: RuleFile, values: list[Any], nodes: list[yaml.Node]) -> Iterator[Document]:
    """The documents that are mappings, each with its kind."""
    pairs = [(v, n) for v, n in zip(values, nodes, strict=True) if isinstance(v, dict)]
    acted = any("action" in value for value, _ in pairs)
    for value, node in pairs:
        if isinstance(node, yaml.MappingNode):
            yield Document(file, value, node, "part" if acted else _kind(value))


def _kind(value: dict[Any, Any]) -> Kind:
    if "correlation" in value:
        return "correlation"
    return "filter" if "filter" in value else "rule"
