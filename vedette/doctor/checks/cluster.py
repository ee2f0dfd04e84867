"""The cluster: is it there, is it one we know, and does it take what we write?"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.search.names import OWN_PREFIXES, alerts_alias
from connectors.search.privileges import CONNECTING, LOOKING, needs, union
from connectors.search.roles import grants
from connectors.search.survey import numbers
from engine.errors import VedetteError
from vedette.doctor.finding import Finding, fail, ok, skipped, warn
from vedette.doctor.patient import Patient
from vedette.doctor.registry import REACHABLE, check

TESTED = {"elasticsearch": "9.4.3", "opensearch": "3.6.0"}
"""The versions that the project's own tests run."""

PLAYED = {("elasticsearch", 8): "8.19.21"}
"""Of other major versions, the one on which the faults of docs/reliability.md were played."""

OLDEST = {"elasticsearch": (8, 19), "opensearch": (3, 3)}
"""Before these a point in time cannot be read without a tie, or the client does not speak it."""

FULL, FILLING = 0.95, 0.85
"""Shares of a disk at which clusters, unless told otherwise, stop writing and stop allocating."""


@check(REACHABLE, 10, needs="cluster")
def reachable(patient: Patient) -> Iterator[Finding]:
    """Does the cluster answer, with this TLS and these credentials?"""
    try:
        patient.survey.version()
    except VedetteError as error:
        yield fail(str(error), "check cluster.hosts, TLS and credentials in the configuration")
        return
    yield ok(f"{patient.client.kind} at {patient.client.host} answers")


@check("version", 11, needs="cluster")
def version(patient: Patient) -> Iterator[Finding]:
    """Is the server's version one that Vedette is tested with?"""
    kind, found = patient.client.kind, patient.survey.version()
    tested = TESTED[kind]
    if numbers(found)[:2] < OLDEST[kind]:
        oldest = ".".join(map(str, OLDEST[kind]))
        yield fail(f"{kind} {found} is too old", f"upgrade to {oldest} or later")
    elif (played := PLAYED.get((kind, numbers(found)[0]))) is not None:
        yield ok(f"{kind} {found} (tests run {tested}; faults were played on {played} too)")
    elif numbers(found)[:1] != numbers(tested)[:1]:
        yield warn(
            f"{kind} {found} has not been tested", f"tests run {tested}; watch the first day"
        )
    else:
        also = "" if found == tested else f" (tests run {tested})"
        yield ok(f"{kind} {found}{also}")


@check("privileges", 12, needs="cluster")
def privileges(patient: Patient) -> Iterator[Finding]:
    """May this user do all that a run does?"""
    settings = patient.settings
    stored = settings.store == "cluster"
    patterns = [source.index for source in patient.searches]
    pushed = [source.index for source in patient.searches if source.mode == "push-down"]
    searched = sorted({hunt.index for hunt in patient.scheduled if hunt.index})
    if patient.client.kind == "opensearch":
        yield from _tried(patient)
        return
    wanted: dict[str, list[str]] = {}
    granted = grants("elasticsearch", settings.namespace, patterns, store=stored,
                     hunts=searched, pushed=pushed)  # fmt: skip
    for names, need in granted:
        for name in names:
            wanted.setdefault(name, []).extend(need.index)
    whole = union([needs("elasticsearch", CONNECTING), LOOKING["elasticsearch"]])
    lacking = patient.survey.lacking(list(whole.cluster), wanted)
    if lacking is None:
        yield skipped("this server has no security, or it is switched off: anybody may do all")
    elif lacking:
        yield fail(f"this user lacks {', '.join(lacking[:8])}", "see vedette setup --role")
    else:
        yield ok("this user may do all that a run does")


def _tried(patient: Patient) -> Iterator[Finding]:
    """OpenSearch cannot be asked; reading is tried, writing is not."""
    for source in patient.searches:
        patient.survey.read_once(source.index)
    yield ok("what a run reads may be read (OpenSearch cannot be asked about writing)")


@check("clock", 13, needs="cluster")
def clock(patient: Patient) -> Iterator[Finding]:
    """Do Vedette's clock and the cluster's agree?"""
    before = patient.clock()
    theirs = patient.survey.clock()
    after = patient.clock()
    skew = (theirs - before - (after - before) / 2).total_seconds()
    slack = (after - before).total_seconds() / 2
    told = f"the cluster's clock is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} ours"
    if abs(skew) <= 2 + slack:
        yield ok(f"the clocks agree within {abs(skew) + slack:.1f} s")
    elif abs(skew) <= 60:
        yield warn(told, "keep both with NTP: lateness is measured against our clock")
    else:
        yield fail(told, "set the clocks right: polls would leave events out")


@check("disk", 14, needs="cluster")
def disk(patient: Patient) -> Iterator[Finding]:
    """Have the cluster's nodes room to write?"""
    for name, (free, total) in sorted(patient.survey.disks().items()):
        used = 1 - free / total
        told = f"node {name}: {used:.0%} of {total / 1e9:.0f} GB used"
        if used >= FULL:
            yield fail(told, "make room: clusters make indices read-only at 95 %")
        elif used >= FILLING:
            yield warn(told, "make room: clusters stop placing shards there at 85 %")
        else:
            yield ok(told)


@check("blocks", 15, needs="cluster")
def blocks(patient: Patient) -> Iterator[Finding]:
    """Do Vedette's own indices take writes?"""
    if patient.settings.store != "cluster":
        return
    namespace = patient.settings.namespace
    own = [f"{alerts_alias(namespace)}-*", *_own(namespace)[1:]]
    blocked = patient.survey.blocks(",".join(own))
    for index, held in sorted(blocked.items()):
        remedy = "make room on the disk, then set index.blocks to null"
        yield fail(f"{index} is blocked: {', '.join(held)}", remedy, subject=index)
    if not blocked:
        yield ok("no block on Vedette's own indices")


@check("setup", 16, needs="cluster")
def setup(patient: Patient) -> Iterator[Finding]:
    """Is what `vedette setup` makes there?"""
    if patient.settings.store != "cluster":
        return
    namespace = patient.settings.namespace
    missing = [name for name in _own(namespace) if not patient.survey.exists(name)]
    if missing:
        told = f"not there yet: {', '.join(missing)}"
        yield warn(told, "vedette setup makes it; so does the run that first needs it, if it may")
    else:
        yield ok("alerts, state and all else that a run keeps have their indices")


def _own(namespace: str) -> list[str]:
    """The alias of alerts, and the indices of all else that a run keeps in the cluster."""
    alias = alerts_alias(namespace)
    own = [prefix + namespace for prefix in OWN_PREFIXES]
    return [alias, *(name for name in own if name != alias)]
