"""YAML rule files read with limits."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from engine.errors import RuleError
from engine.rule_files import read_rule_file


@dataclass(frozen=True, slots=True)
class Documents:
    """The YAML documents of one file, with its text to find lines in."""

    file: str
    text: str
    items: list[Any]

    def titled(self, title: str) -> dict[str, Any]:
        """The document with a title, as written; the only one when there is just one."""
        for item in self.items:
            if isinstance(item, dict) and item.get("title") == title:
                return item
        return self.items[0] if self.items and isinstance(self.items[0], dict) else {}


def read_documents(file: Path) -> Documents:
    """Read a rule file. Raises `RuleError` with the line when it is no safe YAML text."""
    return documents_in(read_rule_file(file), str(file))


def documents_in(raw: bytes, name: str) -> Documents:
    """The documents in a file's bytes; `name` is the file's. Raises `RuleError` with the line."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RuleError("is not UTF-8 text", file=name, line=line) from error
    try:
        items = [item for item in yaml.load_all(text, Loader=_Loader) if item is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        place = mark.line + 1 if mark else None
        raise RuleError(f"is not YAML: {reason}", file=name, line=place) from error
    except RecursionError as error:
        raise RuleError("is nested too deeply", file=name) from error
    if not items:
        raise RuleError("is empty", file=name, expected="a Sigma rule")
    return Documents(name, text, items)


class _Loader(yaml.CSafeLoader):
    """Safe loading that says where: of keys given twice and of values that are none."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise ConstructorError(None, None, "this is no mapping", node.start_mark)
        found: dict[Any, Any] = {}
        for place, held in node.value:
            if place.tag == "tag:yaml.org,2002:merge":
                raise ConstructorError(None, None, "merge keys are not supported", place.start_mark)
            key = self.construct_object(place, deep=True)
            if not isinstance(key, Hashable):
                raise ConstructorError(None, None, "a key is no plain value", place.start_mark)
            if key in found:
                raise ConstructorError(None, None, f"key {key!r} is given twice", place.start_mark)
            found[key] = self.construct_object(held, deep=deep)
        return found

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # a date such as 2026-13-45, a number of 5,000 digits
            raise ConstructorError(None, None, str(error), node.start_mark) from error
