"""Whether the level fits what the rule looks for."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.lint.document import Document
from vedette.lint.finding import Found
from vedette.lint.registry import INFO, WARNING, of_rule

_ORDINARY = frozenset(
    (1, 3, 5, 7, 10, 11, 12, 13, 17, 18, 22, 23, 4103, 4104, 4624, 4625, 4627, 4634, 4648, 4656,
     4658, 4662, 4663, 4672, 4673, 4688, 4689, 4690, 4703, 4768, 4769, 4776, 4985, 5140, 5145,
     5152, 5156, 5158, 7036, 7040)
)  # fmt: skip
"""Event ids that every machine writes all day."""


@of_rule("ordinary-event", WARNING)
def ordinary_event(document: Document) -> Iterator[Found]:
    """A rule of level medium or above looks for nothing but an event id that is written all day.

    Such as every logon (4624) or every process (4688).
    """
    if document.data.get("level") not in ("medium", "high", "critical"):
        return
    if document.source.product != "windows" or not document.items:
        return
    ids = [item for item in document.items if item.field == "EventID" and not item.modifiers]
    if len(ids) == len(document.items):
        for item in ids:
            for value in item.values:
                if value.value in _ORDINARY:
                    yield Found(f"EventID {value.value} alone is written all day", value.line)


@of_rule("event-id-alone", INFO)
def event_id_alone(document: Document) -> Iterator[Found]:
    """A rule of level high or critical looks for nothing but an event id or its provider.

    Right for events that are alarms themselves; noisy for all others.
    """
    if document.data.get("level") not in ("high", "critical"):
        return
    fields = {item.field for item in document.items}
    if "EventID" in fields and fields <= {"EventID", "Provider_Name", "Channel"}:
        yield Found("looks for nothing but an event id", document.line("detection"))


@of_rule("deprecated-without-successor", INFO)
def deprecated_without_successor(document: Document) -> Iterator[Found]:
    """A deprecated rule does not name the one in its place.

    `related` with the type `derived` or `obsolete` would, on either rule.
    """
    if document.data.get("status") == "deprecated" and not document.data.get("related"):
        yield Found("is deprecated and names no related rule", document.line("status"))


@of_rule("grave-experiment", INFO)
def grave_experiment(document: Document) -> Iterator[Found]:
    """A rule of level critical is experimental.

    It gets people up at night without having been tried.
    """
    if document.data.get("level") == "critical" and document.data.get("status") == "experimental":
        yield Found("is critical and experimental", document.line("level"))
