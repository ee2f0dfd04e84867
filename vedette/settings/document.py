"""The YAML file as a layer: plain values, each with its line, from text that is not trusted.

The loader is PyYAML's safe one, with caps on depth, aliases and the number of values after
aliases are unfolded; keys are taken as their text (`on: 1` has the key `on`), given once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.errors import SettingsError
from vedette.settings.fields import Path, dotted
from vedette.settings.layers import Layer, Origin

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_VALUES = 20_000


def read_document(path: FilePath) -> tuple[Layer, list[SettingsError]]:
    """Read the file into a layer and the errors that leave the rest readable.

    Raises `SettingsError` when nothing can be made of the file.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SettingsError(
            "no such file", file=str(path), expected="a configuration; 'vedette init' writes one"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"cannot be read: {reason}", file=str(path)) from error
    if len(raw) > MAX_BYTES:
        raise SettingsError("the file is too large", file=str(path), expected="at most 1 MiB")
    return parse_document(raw, str(path))


def parse_document(raw: bytes, file: str) -> tuple[Layer, list[SettingsError]]:
    """The same for bytes; `file` is the name that origins and errors use."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError("not UTF-8 text", file=file, line=line) from error
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = (error.problem or error.context or "not YAML").replace("\n", " ")
        raise SettingsError(message, file=file, line=mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(
            f"the character U+{error.character:04X} is not allowed", file=file, line=line
        ) from error
    return _Builder(loader, file).build(node)


class _Loader(yaml.SafeLoader):
    """The safe loader, which refuses what is nested too deep or repeated too often."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = self.aliases = self.nodes = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
        self.nodes += 1
        self.depth += 1
        self._refuse(self.depth > MAX_DEPTH, f"nested deeper than {MAX_DEPTH} levels")
        self._refuse(self.aliases > MAX_ALIASES, f"more than {MAX_ALIASES} aliases")
        self._refuse(self.nodes > 2 * MAX_VALUES, f"more than {MAX_VALUES} values")
        node: Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refuse(self, wrong: bool, message: str) -> None:
        if wrong:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=message, problem_mark=mark)


class _Builder:
    """Turns nodes into plain values, noting the line of each and what is wrong with it."""

    def __init__(self, loader: _Loader, file: str) -> None:
        self.loader, self.file = loader, file
        self.errors: list[SettingsError] = []
        self.origins: dict[Path, Origin] = {}
        self.values = 0

    def build(self, node: Node | None) -> tuple[Layer, list[SettingsError]]:
        tree = {} if node is None else self.value(node, ())
        if tree is None:
            tree = {}
        if not isinstance(tree, dict):
            raise SettingsError(
                "the file holds no settings", file=self.file, line=1, expected="'key: value' lines"
            )
        return Layer(tree, self.origins), self.errors

    def value(self, node: Node, path: Path) -> Any:
        self.values += 1
        # Unfolded aliases count again here, and an alias within itself only ever gets deeper.
        if self.values > MAX_VALUES or len(path) > MAX_DEPTH:
            raise SettingsError(
                "aliases unfold to too many values",
                file=self.file,
                line=node.start_mark.line + 1,
                expected=f"at most {MAX_VALUES} values, {MAX_DEPTH} levels deep",
            )
        self.origins.setdefault(path, Origin(self.file, node.start_mark.line + 1))
        if node.tag != self.implicit_tag(node):
            line = node.start_mark.line + 1
            self.wrong("a YAML tag is not supported here", line, path, "a plain value")
            return None
        if isinstance(node, MappingNode):
            return dict(self.entries(node, path))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
        return self.scalar(node, path)

    def implicit_tag(self, node: Node) -> str:
        """The tag a node has when none is written: `!!int "x"` and the like are not taken."""
        plain = isinstance(node, ScalarNode) and node.style is None
        tag: str = self.loader.resolve(  # type: ignore[no-untyped-call]
            type(node), node.value, (plain, not plain)
        )
        return tag

    def entries(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.value == "<<":
                self.wrong("this kind of key is not supported", line, path, "a name")
                continue
            key = key_node.value
            if key in lines:
                self.wrong(f"given twice (first on line {lines[key]})", line, (*path, key))
                continue
            lines[key] = line
            self.origins[(*path, key)] = Origin(self.file, line)
            yield key, self.value(value_node, (*path, key))

    def scalar(self, node: Node, path: Path) -> Any:
        if node.value in ("=", "<<"):  # special in YAML 1.1, text to everyone else
            return node.value
        try:
            return self.loader.construct_object(node)
        except (ValueError, OverflowError):  # such as the date 2026-02-31
            line = node.start_mark.line + 1
            self.wrong(f"{node.value[:40]!r} is no valid number or date", line, path)
            return None

    def wrong(self, message: str, line: int, path: Path, expected: str | None = None) -> None:
        where = {"file": self.file, "line": line, "field": dotted(path) or None}
        self.errors.append(SettingsError(message, expected=expected, **where))  # type: ignore[arg-type]
