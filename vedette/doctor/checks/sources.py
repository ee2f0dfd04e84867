"""The sources: are there events, do they come, and is anything of them hidden?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from connectors.search.mappings import Held, Mappings
from engine.event import Event
from vedette.doctor.finding import Finding, fail, ok, skipped, warn
from vedette.doctor.patient import Patient
from vedette.doctor.registry import check, of_each_source
from vedette.settings import FolderSource, SearchSource
from vedette.spans import words

SHOWN = 6
BLIND = "Vedette reads _source and sees it; queries that the cluster answers do not"


@of_each_source("events", 20)
def events(patient: Patient, source: SearchSource) -> Iterator[Finding]:
    """Has each source events with the time that polls follow?"""
    cursor = cursor_of(source)
    missing, total = patient.survey.untimed(source.index, cursor, source.query)
    told = f"{missing:,} of {total:,} events have no {cursor}"
    if not total:
        remedy = "check sources.index and sources.query, and whether anything is shipped"
        yield warn(f"{source.index} has no events", remedy)
    elif missing == total:
        yield fail(told, "set time_field or cursor_field to what the events have")
    elif missing:
        yield warn(f"{told}: they are never read", "have the pipeline set it")
    else:
        yield ok(f"{total:,} events, all with {cursor}")


@of_each_source("lag", 21)
def lag(patient: Patient, source: SearchSource) -> Iterator[Finding]:
    """How old is the newest event of each source?"""
    newest = patient.survey.newest(source.index, cursor_of(source), source.query)
    if newest is None:
        yield skipped("no event to tell from")
        return
    age = patient.clock() - newest
    told = f"the newest event is {words(age)} old"
    if age < -timedelta(minutes=1):
        told = f"the newest event is {words(-age)} ahead of our clock"
        yield warn(told, "set its maker's clock or time zone right: it waits until then")
    elif age > max(source.overlap, timedelta(minutes=10)):
        yield warn(told, "see whether shipping stands still, or is this much late")
    else:
        yield ok(told)


@of_each_source("source-stored", 22)
def source_stored(patient: Patient, source: SearchSource) -> Iterator[Finding]:
    """Do the indices keep the events themselves (`_source`)?"""
    mappings = patient.survey.mapping(source.index)
    if mappings.without_source:
        told = f"_source is switched off in {', '.join(mappings.without_source[:SHOWN])}"
        yield fail(told, "events there cannot be evaluated: reindex with _source")
    elif cut := sorted(mappings.cut):
        yield warn(f"_source leaves out {', '.join(cut[:SHOWN])}", "rules on these never match")
    elif mappings.indices:
        yield ok(f"{mappings.indices:,} indices keep _source")


@of_each_source("mapping", 23)
def mapping(patient: Patient, source: SearchSource) -> Iterator[Finding]:
    """Would the mapping hide from queries what rules read?"""
    sample = patient.sample(source)
    if not sample:
        yield skipped("no event to tell from")
        return
    reads = patient.routes(source).read(sample)
    found = list(hidden(patient.survey.mapping(source.index), reads, sample))
    for told in found[:SHOWN]:
        yield warn(told, BLIND)
    if len(found) > SHOWN:
        yield warn(f"and {len(found) - SHOWN} more fields", BLIND)
    if not found:
        yield ok("what rules read is indexed whole")


def hidden(mappings: Mappings, reads: Counter[str], sample: list[Event]) -> Iterator[str]:
    """What queries cannot see of the fields that rules read, the most read ones first."""
    for name, rules in reads.most_common():
        for path in paths_of(name, sample):
            held = mappings.field(path)
            if reason := reason_of(held, longest(path, sample)):
                yield f"{path} ({name} of {rules:,} rules): {reason}"


def reason_of(held: Held | None, length: int) -> str | None:
    """Why values of a field cannot be searched as they are; None when they can."""
    if held is None:
        return "not mapped, so not searchable"
    if held.unindexed:
        return f"not indexed in {', '.join(held.unindexed[:3])}"
    if held.whole is None:
        return "text without a keyword: words, not values, are searched"
    if held.ignore_above is not None and length > held.ignore_above:
        return f"values over {held.ignore_above} characters are left out; one here has {length:,}"
    return None


def paths_of(name: str, sample: list[Event]) -> list[str]:
    """Where in the documents a field of rules stands: the paths whose value is the field's."""
    found: dict[str, None] = {}
    for event in sample:
        value = event.fields.get(name)
        if value is None or isinstance(value, list) or name.startswith("logsource."):
            continue
        same = [path for path, other in event.fields.items() if other is value and path != name]
        found.update(dict.fromkeys(path for path in same if present(event, path)))
        if present(event, name):
            found[name] = None
    return list(found)


def present(event: Event, path: str) -> bool:
    """Whether a dotted path leads to a value in the document itself."""
    current: object = event.record.document
    for piece in path.split("."):
        if not isinstance(current, dict):
            return False
        if path in current:
            return True
        if piece not in current:
            return False
        current = current[piece]
    return True


def longest(path: str, sample: list[Event]) -> int:
    """The most characters that a field's value has."""
    values = (event.fields.get(path) for event in sample)
    return max((len(value) for value in values if isinstance(value, str)), default=0)


@of_each_source("unread", 24)
def unread(patient: Patient, source: SearchSource) -> Iterator[Finding]:
    """Which fields that rules read do the newest events not have?"""
    sample = patient.sample(source)
    if not sample:
        return
    reads = patient.routes(source).read(sample)
    if not reads:
        yield warn(
            f"no rule is for the log sources of its {len(sample)} newest events",
            "set logsource for the source, or load rules for it",
        )
        return
    had = {name for event in sample for name in event.fields}
    gone = [(name, n) for name, n in reads.most_common() if name not in had]
    if gone:
        told = ", ".join(f"{name} ({n:,} rules)" for name, n in gone[:SHOWN])
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        yield warn(
            f"not in the {len(sample)} newest events: {told}{more}",
            "rare fields are normal; else have the shipper send them",
        )
    else:
        yield ok(f"all {len(reads)} fields that rules read are there")


@check("folder", 25)
def folder(patient: Patient) -> Iterator[Finding]:
    """Can the watched folders be read?"""
    for source in patient.settings.sources:
        if not isinstance(source, FolderSource):
            continue
        if not source.path.exists():
            yield warn(f"{source.path} is not there", "a run makes it; or set sources.path",
                       subject=source.name)  # fmt: skip
        elif not source.path.is_dir() or not os.access(source.path, os.R_OK | os.X_OK):
            yield fail(f"{source.path} cannot be listed", "let this user read the folder",
                       subject=source.name)  # fmt: skip
        else:
            yield ok(f"{source.path} can be read", subject=source.name)


def cursor_of(source: SearchSource) -> str:
    """The field that a source's polls follow."""
    return source.cursor_field or source.time_field
