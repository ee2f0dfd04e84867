"""An explanation as a tree for people, and as JSON for tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import click

from vedette.explain import Explanation, Node, Way, missing
from vedette.output.safe import visible

_MARKS = {True: "✓", False: "✗", None: "?"}
_PLAIN = {True: "+", False: "-", None: "?"}
_COLOURS = {True: "green", False: "red", None: "yellow"}
_KINDS = {"all": "all of", "any": "any of", "not": "not"}
FEW = 3
"""Tests in the way of a match that are named at the end."""


MANY = 8
"""Tests side by side, of one field and with one answer, beyond which only the first are shown."""


def lines(
    explanation: Explanation, *, color: bool, unicode: bool, full: bool = False
) -> Iterator[str]:
    """The verdict, the ways that the event could take, the tree, and what stands in the way.

    `full` shows every test; else a long row of tests of one field with one answer is cut.
    """
    paint = _Paint(color, unicode, full)
    rule, way = explanation.rule, explanation.shown
    yield f"{visible(rule.title)}  ({visible(rule.file)})"
    yield paint.mark(explanation.matches, "matches" if explanation.matches else "does not match")
    yield ""
    yield f"log source {visible(rule.logsource)}"
    if way.reached:
        yield f"  {paint.mark(True, f'the event is of it, by the way {way.name!r}')}"
    else:
        yield f"  {paint.mark(False, 'the event is not of it')}"
        for each in explanation.ways:
            yield f"  by the way {each.name!r} it would need"
            yield from _tree(each.route, paint, "    ", "    ")
    yield ""
    yield "condition" if way.reached else "condition, asked nevertheless"
    yield from _tree(way.body, paint, "  ", "  ")
    yield from _closing(way)


def _closing(way: Way) -> Iterator[str]:
    tests = missing(way.body)
    if not tests:
        return
    yield ""
    plural = "test" if len(tests) == 1 else "tests"
    yield f"{len(tests)} {plural} away from holding:"
    for test in tests[:FEW]:
        should = "should not hold" if test.holds else "should hold"
        yield f"  {_asked(test)} {should}{_had(test)}"
    if len(tests) > FEW:
        yield f"  and {len(tests) - FEW} more"


class _Paint:
    """Marks and branches as the terminal can show them."""

    def __init__(self, color: bool, unicode: bool, full: bool) -> None:
        self.color, self.full = color, full
        self.marks = _MARKS if unicode else _PLAIN
        self.branch, self.last = ("├─ ", "└─ ") if unicode else ("|- ", "`- ")
        self.bar = "│  " if unicode else "|  "

    def mark(self, answer: bool | None, text: str) -> str:
        """A mark and what it is about."""
        mark = self.marks[answer]
        return f"{click.style(mark, fg=_COLOURS[answer]) if self.color else mark} {text}"


def _tree(node: Node, paint: _Paint, first: str, rest: str) -> Iterator[str]:
    yield first + paint.mark(node.holds, _label(node))
    rows = [(part, 0) for part in node.parts] if paint.full else list(_cut(node.parts))
    for place, (part, left_out) in enumerate(rows):
        end = place == len(rows) - 1
        branch = rest + (paint.last if end else paint.branch)
        if left_out:
            how = "hold" if part.holds else "do not hold"
            yield f"{branch}and {left_out} more tests of {_field(part)} that {how}"
        else:
            yield from _tree(part, paint, branch, rest + ("   " if end else paint.bar))


def _cut(parts: Sequence[Node]) -> Iterator[tuple[Node, int]]:
    """The parts, where of a long row of like tests only a few are left, and then their number."""
    for _, row in groupby(parts, lambda part: (part.kind, part.field, part.holds, part.search)):
        like = list(row)
        cut = like[0].kind == "test" and len(like) > MANY
        for part in like[: MANY - 3] if cut else like:
            yield part, 0
        if cut:
            yield like[-1], len(like) - MANY + 3


def _label(node: Node) -> str:
    name = f"{visible(node.search)}: " if node.search else ""
    if node.kind == "test":
        return f"{name}{_asked(node)}{_had(node)}"
    return f"{name}{_KINDS[node.kind]}"


def _asked(node: Node) -> str:
    return f"{_field(node)} {visible(node.test)}"


def _field(node: Node) -> str:
    return visible(node.field or "any value")


def _had(node: Node) -> str:
    if node.holds is None:
        return "  (no answer within the time limit)"
    if node.values:
        more = f" and {node.more:,} more" if node.more else ""
        return "  (has " + ", ".join(f"'{visible(value)}'" for value in node.values) + f"{more})"
    if node.field is None:
        return ""
    other = f", but {visible(node.other_field)}" if node.other_field else ""
    return f"  (the event has no {visible(node.field)}{other})"


def document(explanation: Explanation) -> dict[str, Any]:
    """The same as a JSON object: every way with its route and condition."""
    rule = explanation.rule
    return {
        "rule": {"id": rule.id, "title": rule.title, "file": rule.file},
        "matches": explanation.matches,
        "logsource": str(rule.logsource),
        "shown": explanation.shown.name,
        "ways": [
            {
                "name": way.name,
                "reached": way.reached,
                "route": _node(way.route),
                "condition": _node(way.body),
                "missing": [_node(test) for test in missing(way.body)],
            }
            for way in explanation.ways
        ],
    }


def _node(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": node.kind, "holds": node.holds}
    if node.search:
        found["search"] = node.search
    if node.kind == "test":
        found |= {"field": node.field, "test": node.test, "values": list(node.values)}
        if node.more:
            found["values_not_shown"] = node.more
        if node.other_field:
            found["other_field"] = node.other_field
    else:
        found["parts"] = [_node(part) for part in node.parts]
    return found
