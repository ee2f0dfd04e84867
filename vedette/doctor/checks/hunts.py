"""The hunts: do they load, and is there anything that they search?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.errors import SourceError, VedetteError
from vedette.doctor.finding import Finding, fail, ok, warn
from vedette.doctor.patient import Patient
from vedette.doctor.registry import check, met
from vedette.hunt_check import unscheduled

SHOWN = 3
LOOK = "vedette hunts check says what is wrong"


@check("hunts", 3)
def hunts(patient: Patient) -> Iterator[Finding]:
    """Do the hunts load?"""
    if not patient.settings.hunts.paths:
        return
    try:
        found = patient.hunts
    except VedetteError as error:
        yield fail(f"hunts.paths: {error}", LOOK)
        return
    refused = [*found.refused, *(e for hunt in patient.scheduled if (e := unscheduled(hunt)))]
    if patient.settings.cluster is None:
        yield fail("hunts search a cluster, and none is configured", "add a section 'cluster'")
    for refusal in refused[:SHOWN]:
        yield warn(f"refused: {refusal}", LOOK)
    if len(refused) > SHOWN:
        yield warn(f"{len(refused) - SHOWN:,} more hunts refused", LOOK)
    for hunt in patient.scheduled:
        if hunt.index is None:
            told = f"{hunt.rule.title}: names no index to search, so it does not run"
            yield warn(told, f"set index in {hunt.rule.file}")
    known = {name.lower() for hunt in found.hunts for name in (hunt.rule.id, hunt.rule.title)}
    for name in patient.settings.hunts.exclude:
        if name.lower() not in known:
            yield warn(f"no hunt is called {name!r}", "set hunts.exclude right")
    yield ok(f"{len(found):,} hunts load, {len(patient.scheduled):,} of them run on a schedule")


@check("hunted", 26, needs="cluster")
def hunted(patient: Patient) -> Iterator[Finding]:
    """Is there anything for the hunts to search?"""
    if not patient.settings.hunts.paths:
        return
    titles = defaultdict(list)
    for hunt in patient.scheduled:
        if hunt.index is not None:
            titles[hunt.index, hunt.time_field].append(hunt.rule.title)
    for (index, time), names in sorted(titles.items()):
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        whose = f"searched by {', '.join(names[:SHOWN])}{more}"
        try:
            missing, total = patient.survey.untimed(index, time, None)
        except SourceError as error:
            yield met(error)
            continue
        if not total:
            yield warn(f"{index} has no events, {whose}",
                       "check index in the hunt, and whether anything is shipped")  # fmt: skip
        elif missing == total:
            yield fail(f"no event of {index} has {time}, {whose}", "set time_field in the hunt")
        else:
            yield ok(f"{index} has events, {whose}")
