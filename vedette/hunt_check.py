"""What is probably not meant in a hunt that loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import RuleError
from engine.hunt.lines import line_of
from engine.hunt.model import Hunt
from mitre.catalog import Catalog
from mitre.tags import map_tags
from vedette.schedule import Ticks


def unscheduled(hunt: Hunt) -> RuleError | None:
    """Why its schedule keeps a hunt that loads from running; None where it does not."""
    if hunt.schedule is not None:
        try:
            Ticks.of(hunt)
        except RuleError as error:
            return error
    return None


def findings(hunt: Hunt, catalog: Catalog) -> Iterator[RuleError]:
    """What to look at, each with its place."""
    rule = hunt.rule
    for key in ("description", "tags", "falsepositives"):
        if not rule.document.get(key):
            yield _finding(hunt, key, f"has no {key}")
    if "level" not in rule.document:
        yield _finding(hunt, "level", "has no level, and counts as medium")
    mapping = map_tags(rule.tags, catalog, 19)
    for name in mapping.unknown:
        yield _finding(hunt, "tags", f"ATT&CK has no {name}")
    if "vedette" not in rule.document:
        yield _finding(hunt, "vedette", "has no tests")
    if hunt.schedule is not None and hunt.index is None:
        yield _finding(hunt, "index", "has a schedule and names no index to search")
    if hunt.query is None and hunt.filter is None and not hunt.type.rules() and not _own(hunt):
        yield _finding(hunt, "query", "has neither query nor detection: every event counts")


def _own(hunt: Hunt) -> bool:
    """Whether its type's keys say which events count."""
    return hunt.type.name in ("query", "indicator", "new_terms", "flatline", "change")


def _finding(hunt: Hunt, field: str, message: str) -> RuleError:
    path = tuple(part for part in field.split(".") if part)
    try:
        text = Path(hunt.rule.file).read_text(encoding="utf-8-sig")
    except OSError:
        text = ""
    return RuleError(message, file=hunt.rule.file, line=line_of(text, 0, path), field=field)
