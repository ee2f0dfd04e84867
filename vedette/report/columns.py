"""The ATT&CK matrix of a report: every tactic in order, and the alerted techniques under it."""

from __future__ import annotations

from dataclasses import dataclass

from vedette.output import attack, levels
from vedette.output.safe import brief
from vedette.output.summary import Cell, Summary

_MOST = 12
"""Techniques shown in one column; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Technique:
    """One cell: `parent` is the technique that a sub-technique belongs to."""

    id: str
    name: str
    parent: str
    count: int
    level: str


@dataclass(frozen=True, slots=True)
class Column:
    """One tactic; `count` is 0 and `techniques` empty where nothing was alerted."""

    id: str
    name: str
    url: str | None
    count: int
    level: str
    techniques: list[Technique]
    more: int


def columns(summary: Summary) -> list[Column]:
    """All tactics of the matrix, then any that the matrix does not know."""
    known = {tactic.id: tactic.name for tactic in attack.matrix(summary.attack_version)}
    strangers = attack.in_order(
        {*summary.tactics, *summary.cells} - {*known}, summary.attack_version
    )
    return [_column(id_, known.get(id_), summary) for id_ in (*known, *strangers)]


def _column(id_: str, name: str | None, summary: Summary) -> Column:
    cells = summary.cells.get(id_, {})
    count = summary.tactics[id_]
    if id_ == attack.NO_TACTIC:
        name, count = "No tactic", sum(cell.count for cell in cells.values())
    order = sorted(cells, key=lambda key: (levels.rank(cells[key].level), -cells[key].count, key))
    return Column(
        id=brief(id_, 40),
        name=brief(name or summary.tactic_names.get(id_) or id_, 60),
        url=attack.tactic_url(id_),
        count=count,
        level=min((cell.level for cell in cells.values()), key=levels.rank, default=""),
        techniques=[_technique(key, cells[key]) for key in order[:_MOST]],
        more=max(0, len(order) - _MOST),
    )


def _technique(id_: str, cell: Cell) -> Technique:
    parent, _, name = cell.name.rpartition(": ")
    return Technique(
        id=brief(id_, 24),
        name=brief(name or id_, 80),
        parent=brief(parent, 80),
        count=cell.count,
        level=cell.level,
    )
