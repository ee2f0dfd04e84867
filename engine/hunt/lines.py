"""The line on which something stands in a YAML text, by its path of keys."""

from __future__ import annotations

import yaml


def line_of(text: str, place: int, path: tuple[str | int, ...]) -> int | None:
    """The 1-based line of what a path leads to in the `place`-th document of a text.

    Where the path leads no further, the last part of it that is there; None without a text.
    """
    if not text:
        return None
    nodes = [node for node in yaml.compose_all(text, Loader=yaml.CSafeLoader) if not _empty(node)]
    if place >= len(nodes):
        return None
    node = nodes[place]
    line = int(node.start_mark.line)
    for part in path:
        found = _step(node, part)
        if found is None:
            break
        line, node = found
    return line + 1


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _step(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found = node.value[part]
        return found.start_mark.line, found
    return None
