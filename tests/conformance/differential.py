"""Our matches against rsigma's, pair by pair: each that differs must have its cause."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.detect import Detector, Match
from engine.errors import Problem
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.conformance.recordings import Recording
from tests.conformance.rsigma import PARTS, Pair, Program, tagged

DENIED = "none"
"""A tag that no rule names."""


@dataclass
class Case:
    """A pair that one engine found alone, with the event as rsigma was given it."""

    rule: Rule
    event: dict[str, Any]
    binding: str | None
    """By which way our engine found it; None when only rsigma did."""

    @property
    def pair(self) -> Pair:
        return self.rule.id, self.event["number"]

    def tag(self, part: str) -> str | None:
        """What the event is tagged with; None for nothing."""
        return self.event.get(part) or None

    def wanted(self, part: str) -> str | None:
        """What the rule's log source says."""
        named: str | None = getattr(self.rule.logsource, part)
        return named


@dataclass(frozen=True)
class Cause:
    """Why the engines differ; shown by the event told otherwise, about which they agree."""

    name: str
    applies: Callable[[Case], bool]
    retold: Callable[[Case], dict[str, Any]]


def _of_two_categories(case: Case) -> bool:
    wanted = case.wanted("category")
    return case.binding in ("sysmon", "windows") and wanted not in (None, case.tag("category"))


def _in_the_rules_category(case: Case) -> dict[str, Any]:
    return {**case.event, "category": case.wanted("category")}


_AUDITED = {
    "4688": {"Image": "NewProcessName", "ParentImage": "ParentProcessName"},
    "4657": {"Image": "ProcessName", "TargetObject": "ObjectName"},
}
_AUDITED_BOTH = {"Details": "NewValue", "LogonId": "SubjectLogonId"}


def _audited(case: Case) -> bool:
    return case.binding == "windows-audit" and str(case.event.get("EventID")) in _AUDITED


def _in_sysmon_names(case: Case) -> dict[str, Any]:
    names = {**_AUDITED[str(case.event["EventID"])], **_AUDITED_BOTH}
    renamed = {name: case.event.get(other) for name, other in names.items()}
    return {**_in_the_rules_category(case), **renamed}


def _untagged(case: Case) -> bool:
    missing = [part for part in PARTS if case.wanted(part) and case.tag(part) is None]
    return case.binding is None and bool(missing)


def _denied(case: Case) -> dict[str, Any]:
    return {**case.event, **{part: DENIED for part in PARTS if case.tag(part) is None}}


CAUSES = (
    Cause(
        "ours alone: the event is of the rule's category beside the one it can be tagged with",
        _of_two_categories,
        _in_the_rules_category,
    ),
    Cause(
        "ours alone: a Security audit event, matched under its own field names",
        _audited,
        _in_sysmon_names,
    ),
    Cause(
        "rsigma alone: the event has no tag for a part of the rule's log source",
        _untagged,
        _denied,
    ),
)


@dataclass
class Differential:
    """What both engines found in the recordings, and why they differ."""

    ours: int = 0
    theirs: int = 0
    both: int = 0
    events: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """What rsigma found, by recording and rule."""
    caused: dict[Cause, list[Case]] = field(default_factory=lambda: defaultdict(list))
    unexplained: list[Case] = field(default_factory=list)


def run(
    recordings: Sequence[Recording], rules: Sequence[Rule], program: Program, folder: Path
) -> Differential:
    """Both engines on every event of every recording, numbered within it."""
    result = Differential()
    problems: list[Problem] = []
    detector, known = Detector(rules, problems.append), {rule.id: rule for rule in rules}
    for recording in recordings:
        differing = _differing(recording, detector, known, program, folder, result)
        _explain(differing, program, folder, result)
    assert not problems, problems[:3]
    return result


def _differing(
    recording: Recording,
    detector: Detector,
    rules: Mapping[str, Rule],
    program: Program,
    folder: Path,
    result: Differential,
) -> list[Case]:
    events = [{**orjson.loads(line), "number": i} for i, line in enumerate(recording.lines())]
    ours: dict[Pair, Match] = {}
    for event in events:
        if detector.may_match(event):
            found = detector.match(normalise(Record(event, "recording")))
            ours.update(((match.rule.id, event["number"]), match) for match in found)
    theirs = program.matches(map(tagged, events), folder)
    result.events += len(events)
    result.ours += len(ours)
    result.theirs += len(theirs)
    result.counts[recording.name] = Counter(rule for rule, _ in theirs)
    result.both += len(ours.keys() & theirs)
    return [
        Case(rules[rule], tagged(events[number]), ours[pair].binding if pair in ours else None)
        for pair in sorted(ours.keys() ^ theirs)
        for rule, number in [pair]
    ]


def _explain(cases: Iterable[Case], program: Program, folder: Path, result: Differential) -> None:
    left = list(cases)
    for cause in CAUSES:
        asked = [case for case in left if cause.applies(case)]
        if not asked:
            continue
        # an event told differently for two rules is two events, so each case has its own number
        told = [{**cause.retold(case), "number": i} for i, case in enumerate(asked)]
        found = program.matches(told, folder)
        agreed = [
            case
            for i, case in enumerate(asked)
            if ((case.rule.id, i) in found) == (case.binding is not None)
        ]
        if agreed:
            result.caused[cause] += agreed
        left = [case for case in left if case not in agreed]
    result.unexplained += left


def report(result: Differential, version: str) -> list[str]:
    """The comparison, line by line."""
    lines = [
        f"{result.events:,} events: ours {result.ours:,} matches, rsigma {version} "
        f"{result.theirs:,}, both {result.both:,}"
    ]
    for cause in CAUSES:
        cases = result.caused.get(cause, [])
        lines.append(f"  {len(cases):>6,} in {len(_rules(cases)):>3} rules: {cause.name}")
        lines += [f"         {count:>5,}  {told}" for told, count in _rules(cases).most_common()]
    for case in result.unexplained:
        alone = "rsigma" if case.binding is None else f"ours, by {case.binding}"
        tags = {part: case.tag(part) for part in PARTS}
        lines.append(f"  no cause: {case.rule.title}: {alone} alone, {tags}")
    return lines


def as_given(data: Path, result: Differential, rules: Mapping[str, Rule]) -> list[str]:
    """rsigma's counts of Windows rules beside those of it that came with the recordings."""
    written = json.loads((data / "otrf" / "rsigma-0.26-matches.json").read_text())["matches"]
    given = {name.removesuffix(".ndjson.zst"): Counter(counts) for name, counts in written.items()}
    lines, same = [], 0
    for name in sorted(given.keys() | result.counts.keys()):
        then, now = given.get(name, Counter[str]()), result.counts.get(name, Counter[str]())
        for rule in sorted(then.keys() | now.keys()):
            if rules[rule].logsource.product != "windows":
                continue
            if then[rule] == now[rule]:
                same += 1
            else:
                lines.append(
                    f"    {then[rule]:>4} then, {now[rule]:>4} now: {rules[rule].title}, {name}"
                )
    return [f"  counts by recording and rule that came with the data: {same} the same", *lines]


def _rules(cases: Sequence[Case]) -> Counter[str]:
    return Counter(f"{case.rule.title}  [{case.rule.logsource}]" for case in cases)
