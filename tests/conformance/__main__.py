"""Print the project's conformance figures again, and hold them to their bars.

    python -m tests.conformance                       4,000 events on each server
    python -m tests.conformance --whole               20,000 events on each server
    python -m tests.conformance regression recall     some stages only
    python -m tests.conformance --whole --save DIR    keep each finished stage; go on where it ended
    python -m tests.conformance --two                 in two processes, `cluster` in one of its own

Needs the public data folder beside the checkout; the stages `cluster`, `instances`, `backends`,
`secure` and `reliability` also a JDK and Maven. Exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

from engine.load import load_rules
from engine.rule import RuleSet
from mitre.catalog import Catalog
from tests.conformance import (
    agreement,
    backends,
    cluster,
    differential,
    instances,
    needs,
    prefilter,
    properties,
    recall,
    regression,
    rsigma,
    second_opinion,
    secure,
    simulated,
    winlogbeat,
)
from tests.conformance.queries import Converter
from tests.conformance.recordings import Recording, numbered, recordings
from tests.conftest import SHARED
from tests.live import nodes
from tests.live.servers import Unavailable
from tests.reliability import registry
from tests.reliability import row as rows
from tests.reliability import stage as faults

SAMPLE, SAMPLE_ON_SERVERS = 5_000, 4_000
WHOLE_ON_SERVERS = 20_000
EXAMPLES, EXAMPLES_IN_A_SAMPLE = 20_000, 200
"""Examples of the property tests here; `make test` tries 2,000."""
SEEDS, SEEDS_IN_A_SAMPLE = 10_000, 250
"""Stories of the simulation here; `make test` plays 500, of the same seeds."""
KILLS, KILLS_IN_A_SAMPLE = 200, 2
TAKEOVER_BAR = 30
"""Seconds."""
EVERY_RULE = 4
"""Of how many Windows rules one becomes queries, in the sample."""
RULES_BAR = 500
WHOLE_AS_QUERIES = 10_000
"""Events to which those that alert are added."""
SERVERS = ("opensearch", "elasticsearch")
EXACT_BAR, FAMILY_BAR = 40, 48
"""Labelled recordings that a rough sketch found, exactly and by parent technique."""


@dataclass
class Stage:
    """What a stage is given, and where it says what it found."""

    whole: bool
    rules: RuleSet
    recordings: list[Recording]
    folder: Path
    kept: Path | None
    """A folder for what a stage need not do again when it was stopped; not there at first."""
    node: Callable[[str], str]
    """The URL of a server of a kind, started when first asked for and kept for later stages."""
    lines: list[str]
    failures: list[str]

    def say(self, *lines: str) -> None:
        for line in lines:
            print(line, flush=True)
            self.lines.append(line)

    def bar(self, holds: bool, text: str) -> None:
        self.say(f"{'ok  ' if holds else 'FAIL'} {text}")
        if not holds:
            self.failures.append(text)


def run_regression(stage: Stage) -> None:
    """SigmaHQ's recorded positives, with the rules of every folder."""
    sigmahq = SHARED / "sigmahq"
    rules = load_rules(sorted(sigmahq.glob("rules*")))
    results = regression.run(sigmahq, rules)
    stage.say(*regression.report(results))
    cases = {result.case.name for result in results}
    failed = {result.case.name for result in results if not result.passed}
    stage.bar(len(cases) == 129 and not failed, "all 129 regression cases match")


def run_recall(stage: Stage) -> None:
    """The recordings' techniques, by a hunt with all of SigmaHQ's rules."""
    paths = [recording.path for recording in stage.recordings]
    result = recall.recall(stage.recordings, paths, stage.rules, Catalog.load())
    stage.say(*recall.report(result, stage.recordings))
    stage.say(*second_opinion.report(SHARED, result.collected.rules, stage.rules))
    stage.bar(not stage.rules.refused, f"all {len(stage.rules):,} rules loaded")
    events = sum(recording.events for recording in stage.recordings)
    stage.bar(
        result.events == events and not result.problems,
        f"all {events:,} events read, none left out",
    )
    exact = result.count(stage.recordings, "exact")
    family = result.count(stage.recordings, "exact", "parent", "sibling")
    stage.bar(exact >= EXACT_BAR, f"right technique in {exact} (bar {EXACT_BAR})")
    stage.bar(family >= FAMILY_BAR, f"right parent technique in {family} (bar {FAMILY_BAR})")


def run_agreement(stage: Stage) -> None:
    """Hunts with the fast evaluator against hunts with the reference, on recorded events."""
    if stage.whole:
        found = list(agreement.whole(stage.recordings, stage.rules, stage.kept))
    else:
        found = [agreement.sample(stage.recordings, SAMPLE, stage.rules, stage.folder)]
    differing = [identity for result in found for identity in result.differing]
    stage.bar(
        not differing,
        f"fast and reference evaluator: {sum(r.events for r in found):,} events in {len(found)} "
        f"files, {sum(r.alerts for r in found):,} alerts, {len(differing)} differ "
        f"{differing[:5] or ''}",
    )


def run_properties(stage: Stage) -> None:
    """The fast evaluator against the reference, on generated rules, pipelines and events."""
    wanted = EXAMPLES if stage.whole else EXAMPLES_IN_A_SAMPLE
    passed, printed = properties.check(wanted)
    if passed < wanted:
        stage.say(printed)
    stage.bar(
        passed >= wanted,
        f"fast and reference evaluator: {passed:,} generated examples agree (bar {wanted:,})",
    )


def run_simulation(stage: Stage) -> None:
    """The delivery promise, with faults at every step of a simulated run."""
    seeds = SEEDS if stage.whole else SEEDS_IN_A_SAMPLE
    broken = simulated.check(seeds, stage.kept, told)
    stage.say(*broken[:20])
    stage.bar(not broken, f"simulation: {seeds:,} seeds, {len(broken)} broken promises")


def run_cluster(stage: Stage) -> None:
    """Real servers: equality with a hunt, repetition, kill -9."""
    total = WHOLE_ON_SERVERS if stage.whole else SAMPLE_ON_SERVERS
    with ThreadPoolExecutor(1) as pool:
        starting = {kind: pool.submit(stage.node, kind) for kind in SERVERS}
        given = cluster.Given.of(stage.recordings, total, stage.rules, stage.folder)
        for kind in SERVERS:
            server = cluster.Server(kind, starting[kind].result())
            folder = stage.folder / kind
            folder.mkdir()
            verdict = cluster.check(server, given, SHARED / "sigmahq" / "rules", folder)
            stage.say(*verdict.lines)
            stage.failures += verdict.failures


def told(text: str) -> None:
    """How far a stage is; no part of what is kept of it."""
    print(f"   {text}", flush=True)


def run_instances(stage: Stage) -> None:
    """Several instances on real servers: killed, stopped and woken, and none lost or twice."""
    kills = KILLS if stage.whole else KILLS_IN_A_SAMPLE
    for kind in SERVERS if stage.whole else SERVERS[:1]:
        folder, node = stage.folder / f"instances-{kind}", partial(stage.node, kind)
        result = instances.run(kind, node, folder, kills, stage.kept, told)
        stage.say(*instances.report(result))
        stage.bar(result.whole, f"{kind}: no alert missing, none invented, none twice")
        stage.bar(
            max(result.takeovers) < TAKEOVER_BAR,
            f"{kind}: another instance had the lease {max(result.takeovers):.1f} s after the owner "
            f"was lost, at most (bar {TAKEOVER_BAR})",
        )


def run_backends(stage: Stage) -> None:
    """Rules as queries on real servers: what they find otherwise, and why."""
    windows = [rule for rule in stage.rules.rules if rule.logsource.product == "windows"]
    rules = [rule for rule in windows if backends.has_fields(rule)]
    stage.say(f"left out: {len(windows) - len(rules)} Windows rules with values without a field")
    events = numbered(stage.recordings, WHOLE_AS_QUERIES if stage.whole else SAMPLE_ON_SERVERS)
    if stage.whole:
        more = backends.alerting(stage.recordings, rules, WHOLE_AS_QUERIES)
        events = itertools.chain(events, more)
    found = backends.Events.of(events, rules)
    if not stage.whole:
        rules = backends.some(rules, found, EVERY_RULE)
    by_id = {rule.id: rule for rule in rules}
    for kind in SERVERS if stage.whole else SERVERS[:1]:
        server = cluster.Server(kind, stage.node(kind), seconds=600)
        converter = Converter(kind, by_id)
        for mapping in backends.CAUSES:
            result = backends.compare(server, mapping, found, converter)
            stage.say(*backends.report(result, found, by_id))
            stage.bar(
                result.rules >= RULES_BAR and not result.unexplained,
                f"{kind} {mapping}: {result.rules:,} rules as queries, "
                f"{len(result.unexplained)} differences without a cause",
            )
        refused = converter.refused.items()
        stage.say(*(f"  not converted: {by_id[i].title}: {reason}" for i, reason in refused))


def run_prefilter(stage: Stage) -> None:
    """How much a query made of the rules could spare reading, at most."""
    every = 1 if stage.whole else prefilter.EVERY
    windows = [rule for rule in stage.rules.rules if rule.logsource.product == "windows"]
    recorded = [recording for recording in stage.recordings if recording.windows]
    for rules in (windows, [rule for rule in windows if prefilter.of_fields(rule)]):
        stage.say(*prefilter.report(prefilter.measure(recorded, rules, every)))
    most = None if stage.whole else SAMPLE
    for shape, shaped in (("flat", dict), ("Winlogbeat's", winlogbeat.document)):
        for folded in (False, True):
            found = needs.measure_all(recorded, windows, shaped, most=most, folded=folded)
            case = "in lower case" if folded else "as they are"
            stage.say(*needs.report(found, f"{shape}, values {case}"))
            stage.bar(not found.outside, f"{shape}, values {case}: matches without their needs: "
                      f"{len(found.outside)}")  # fmt: skip


def run_rsigma(stage: Stage) -> None:
    """Pair by pair against rsigma, which skips with a line when it is not there."""
    program = rsigma.Program.found(SHARED / "sigmahq" / "rules")
    if program is None:
        stage.say("skipped: no rsigma on the path, nor named by VEDETTE_TEST_RSIGMA")
        return
    result = differential.run(stage.recordings, stage.rules.rules, program, stage.folder)
    stage.say(*differential.report(result, program.version))
    by_id = {rule.id: rule for rule in stage.rules.rules}
    stage.say(*differential.as_given(SHARED, result, by_id))
    stage.bar(
        not result.unexplained,
        f"rsigma {program.version}: {sum(map(len, result.caused.values())):,} pairs differ, "
        f"{len(result.unexplained)} without a cause",
    )


def run_secure(stage: Stage) -> None:
    """Real servers with TLS and users: every way in, right and wrong; the role of a run."""
    for kind in SERVERS:
        folder = stage.folder / kind
        folder.mkdir()
        try:
            secure.check(kind, folder, stage.bar, stage.say)
        except Unavailable as reason:
            stage.say(f"skipped: no {kind} with security: {reason}")


def run_reliability(stage: Stage) -> None:
    """What is broken on real servers, as `python -m tests.reliability --full` does."""
    if not stage.whole:
        stage.say("skipped: the small doses are among the tests")
        return
    stage.say(*rows.heading())
    for fault in registry.found().values():
        for kind in fault.servers:
            for dose in fault.full:
                row = kept_row(stage, fault, kind, dose)
                stage.say(rows.line(row.cells()))
                if not row.ok:
                    stage.bar(False, f"{fault.name} on {kind}: {'; '.join(row.wrong)}")


def kept_row(stage: Stage, fault: registry.Fault, kind: str, dose: int) -> rows.Row:
    """A fault's row; one that is kept and was well is not played again."""
    file = stage.kept / f"{fault.name}-{kind}-{dose}.json" if stage.kept else None
    if file and file.exists():
        return rows.Row(**json.loads(file.read_text()))
    told(f"{fault.name} on {kind}, {dose:,} {fault.unit} …")
    row = faults.play(fault, kind, [] if fault.own else [stage.node(kind)], dose, told)
    if file and row.ok:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(row)))
    return row


STAGES: dict[str, Callable[[Stage], None]] = {
    "regression": run_regression,
    "recall": run_recall,
    "agreement": run_agreement,
    "properties": run_properties,
    "simulation": run_simulation,
    "rsigma": run_rsigma,
    "prefilter": run_prefilter,
    "cluster": run_cluster,
    "instances": run_instances,
    "backends": run_backends,
    "secure": run_secure,
    "reliability": run_reliability,
}

LONGEST = "cluster"
"""Takes about as long as all other stages of the sample together."""

ONLY_WHOLE = frozenset({"properties", "simulation", "instances", "secure", "reliability"})
"""Stages that are no part of the sample unless named: `make test` has as much or more of the first
two, with the same seeds, and small doses of the others in `tests/live/`, `tests/connectors/` and
`tests/reliability/`."""


def in_two(wanted: list[str], arguments: list[str]) -> int:
    """The longest stage beside all others; its output comes after theirs."""
    options = [argument for argument in arguments if argument not in {*wanted, "--two"}]
    command = [sys.executable, "-m", "tests.conformance", *options]
    with tempfile.TemporaryFile("w+") as later:
        beside = subprocess.Popen([*command, LONGEST], stdout=later, stderr=subprocess.STDOUT)
        try:
            code = subprocess.call([*command, *(name for name in wanted if name != LONGEST)])
        finally:
            other = beside.wait()
            later.seek(0)
            print(later.read(), end="", flush=True)
    return 1 if code or other else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(STAGES)}")
    parser.add_argument("--whole", action="store_true", help="all events, not a sample")
    parser.add_argument("--save", type=Path, help="folder of finished stages, to resume from")
    parser.add_argument("--two", action="store_true", help="in two processes")
    options = parser.parse_args()
    if unknown := set(options.stages) - STAGES.keys():
        parser.error(f"unknown stage {min(unknown)!r}: there are {', '.join(STAGES)}")
    if not SHARED.is_dir():
        print(f"no public data folder at {SHARED}")
        return 1
    usual = [name for name in STAGES if options.whole or name not in ONLY_WHOLE]
    wanted = options.stages or usual
    if options.two and LONGEST in wanted and len(wanted) > 1:
        return in_two(wanted, sys.argv[1:])
    rules, found = load_rules([SHARED / "sigmahq" / "rules"]), recordings(SHARED)
    failures: list[str] = []
    with contextlib.ExitStack() as servers:
        node = cache(lambda kind: servers.enter_context(nodes.running(kind)))
        for name in wanted:
            kept = options.save / f"{name}.txt" if options.save else None
            if kept and kept.exists():
                print(kept.read_text(), end="")
                continue
            print(f"== {name}", flush=True)
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                stage = Stage(
                    options.whole,
                    rules,
                    found,
                    Path(folder),
                    options.save / name if options.save else None,
                    node,
                    [f"== {name}"],
                    [],
                )
                STAGES[name](stage)
            stage.say(f"-- {name}: {time.monotonic() - started:.0f} s", "")
            failures += stage.failures
            if kept and not stage.failures:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text("\n".join(stage.lines) + "\n")
    print("all bars held" if not failures else f"{len(failures)} bars missed: {failures}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
