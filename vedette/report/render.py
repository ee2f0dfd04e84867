"""Rendering a report to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.ports import Document
from vedette.output import closing, fields
from vedette.output.incidents import IN_REPORT
from vedette.output.levels import LEVELS, SHORT
from vedette.output.safe import brief, visible
from vedette.output.summary import Group, Summary
from vedette.report.chart import HEIGHT, Chart, chart
from vedette.report.columns import columns
from vedette.report.incident import incident_view
from vedette.report.page import assets, json_block, template
from vedette.report.select import Selection
from vedette.report.view import AlertView, GroupView, alert_view, group_view

_MOST_NAMES = 8
_MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """What was written: the file, its bytes, and how many of all alerts it shows in full."""

    path: Path
    bytes: int
    alerts_total: int
    alerts_shown: int


def render(
    summary: Summary,
    documents: Iterable[Document],
    path: Path,
    *,
    title: str,
    generated: datetime,
    version: str,
    command: str | None,
    max_alerts: int = 2000,
    max_event_bytes: int = 16_384,
) -> ReportInfo:
    """Write one self-contained HTML file that shows `summary` and the alerts it was made of.

    `documents` is read once. Of more than `max_alerts`, each rule keeps its first ones and the
    page says how many are missing; a raw event is cut after `max_event_bytes` characters of
    indented JSON. `generated` is shown in UTC; `command` (None: left out) as it is. The file
    is replaced in one step. Raises `InputError` when it cannot be written.
    """
    selection = Selection(max_alerts)
    selection.extend(documents)
    context = {
        **assets(),
        **_context(summary, selection),
        "title": visible(title),
        "generated": generated.astimezone(UTC),
        "version": visible(version),
        "command": visible(command) if command else None,
        "groups": _groups(summary, selection, max_event_bytes),
    }
    size = _write(path, template().generate(context))
    return ReportInfo(path, size, max(summary.alerts_total, selection.total), selection.shown)


def _context(summary: Summary, selection: Selection) -> dict[str, Any]:
    total = max(summary.alerts_total, selection.total)
    picture = chart(summary.timeline)
    return {
        "summary": summary,
        "total": total,
        "shown": selection.shown,
        "levels": [(level, SHORT.get(level, level), summary.levels[level]) for level in LEVELS],
        "shares": _shares(summary),
        "columns": columns(summary),
        "chart": picture,
        "chart_height": HEIGHT,
        "hosts": _top(summary.hosts.top(_MOST_NAMES)),
        "users": _top(summary.users.top(_MOST_NAMES)),
        "first": fields.stamp(summary.first),
        "last": fields.stamp(summary.last),
        "span": _span(summary),
        "size": closing.size(summary.bytes),
        "duration": closing.duration(summary.seconds),
        "headline": closing.headline(summary),
        "incidents": [incident_view(story) for story in summary.incidents[:IN_REPORT]],
        "incidents_more": max(0, len(summary.incidents) - IN_REPORT),
        "problems": _problems(summary),
        "data": json_block(_data(summary, total, selection.shown, picture)),
    }


def _span(summary: Summary) -> str:
    if not (summary.first and summary.last):
        return ""
    return closing.duration((summary.last - summary.first).total_seconds())


def _shares(summary: Summary) -> list[tuple[str, float, float]]:
    """(level, x, width) of each part of the severity bar, in percent."""
    shares, x = [], 0.0
    for level in LEVELS:
        if count := summary.levels[level]:
            width = count / summary.alerts_total * 100
            shares.append((level, round(x, 3), round(width, 3)))
            x += width
    return shares


def _top(names: list[tuple[str, int]]) -> list[tuple[str, int, float]]:
    most = max((count for _, count in names), default=1)
    return [(brief(name, 80), count, round(count / most * 100, 2)) for name, count in names]


def _problems(summary: Summary) -> list[tuple[str, int, list[str]]]:
    told: dict[str, list[str]] = {}
    for problem in summary.problems:
        examples = told.setdefault(problem.kind, [])
        if len(examples) < _MOST_EXAMPLES:
            examples.append(brief(problem, 400))
    counts = summary.problems.counts.most_common()
    return [(brief(kind, 60), count, told.get(kind, [])) for kind, count in counts]


def _data(summary: Summary, total: int, shown: int, picture: Chart | None) -> dict[str, Any]:
    """The figures for programs, and what the page's own script needs of the timeline."""
    return {
        "alerts": {"total": total, "shown": shown, "by_level": dict(summary.levels)},
        "attack": {"version": summary.attack_version, "by_tactic": dict(summary.tactics)},
        "events": summary.events,
        "rules": {"loaded": summary.rules_loaded, "failed": summary.rules_failed},
        "timeline": {"start": picture.start, "step": picture.step, "count": picture.count}
        if picture
        else None,
    }


def _groups(
    summary: Summary, selection: Selection, max_event_bytes: int
) -> Iterator[tuple[GroupView, Iterator[AlertView]]]:
    """Every rule with its alerts, made one at a time so that the page is never whole in memory."""
    for group, documents in _filled(summary, selection):
        alerts = (alert_view(document, max_event_bytes) for document in documents)
        yield group_view(group, documents), alerts


def _filled(summary: Summary, selection: Selection) -> Iterator[tuple[Group, list[Document]]]:
    keys = {id(group): key for key, group in summary.by_key.items()}
    for group in summary.groups:
        yield group, selection.kept.get(keys[id(group)], [])
    # Alerts that the summary was never told of still belong on the page.
    for key, documents in selection.kept.items():
        if documents and key not in summary.by_key:
            own = Summary()
            for document in documents:
                own.add(document)
            yield own.groups[0], documents


def _write(path: Path, chunks: Iterable[str]) -> int:
    """Write beside the target, then put in its place; the size in bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as out:
            out.writelines(chunks)
            size = out.tell()
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        message = f"cannot write the report: {error.strerror}"
        raise InputError(message, file=str(path)) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return size
