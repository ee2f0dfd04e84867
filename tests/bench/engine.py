"""Our engine on a corpus: NDJSON lines in, matches out, in CPU seconds of one process."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from engine.detect import Candidates, Detector
from engine.errors import Problem
from engine.normalise import normalise
from engine.ports import Record
from engine.rule import Rule
from tests.bench.corpus import Lines
from vedette.rulesets import settle


@dataclass(frozen=True)
class Pass:
    """One way through some lines.

    `seconds` are of CPU, reading included, `parsing` those of parsing the same lines alone, in
    turns, so that both had the same machine; `told` lines were told of without being parsed; of
    `known` lines the answer for their values was remembered, so that no rule was asked.
    """

    name: str
    events: int
    seconds: float
    parsing: float
    matches: int
    told: int
    known: int

    @property
    def rate(self) -> float:
        return self.events / self.seconds


class Engine:
    """Rules made ready, as `vedette hunt` has them."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.problems: list[Problem] = []
        self.detector = Detector(rules, self.problems.append)
        settle()  # as the command line does once the rules are loaded

    def match(self, line: bytes) -> int:
        """How many rules match the event in a line, by the way that a source and a pipeline go."""
        return self.decide(line, self.detector.candidates(line))

    def decide(self, line: bytes, candidates: Candidates | None) -> int:
        """The same, when the line was looked at before."""
        detector = self.detector
        if candidates is None:
            document = orjson.loads(line)
            if not detector.may_match(document, line):
                return 0
            return len(detector.match(normalise(Record(document, "bench", raw=line))))
        if not candidates:
            return 0
        event = normalise(Record(orjson.loads(line), "bench", raw=line))
        return len(detector.match_candidates(candidates, event))

    def run(self, name: str, lines: Lines) -> Pass:
        """Every line through it, reading them included."""
        detector, decide, matches, untold = self.detector, self.decide, 0, 0
        candidates = detector.candidates
        before = detector.misses()
        seconds = parsing = 0.0
        blocks = lines.blocks()
        while True:
            started = time.process_time()
            block = next(blocks, None)
            seconds += time.process_time() - started
            if block is None:
                break
            parsing += parse_only(block)
            started = time.process_time()
            for line in block:
                found = candidates(line)  # most lines end here
                if found == ():
                    continue
                untold += found is None
                matches += decide(line, found)
            seconds += time.process_time() - started
        known = len(lines) - untold - (detector.misses() - before)
        return Pass(name, len(lines), seconds, parsing, matches, len(lines) - untold, known)

    def without_look(self, lines: Iterable[bytes]) -> float:
        """CPU seconds of the same events when each is parsed and normalised."""
        detector, loads = self.detector, orjson.loads
        started = time.process_time()
        for line in lines:
            document = loads(line)
            if detector.may_match(document, line):
                detector.match(normalise(Record(document, "bench", raw=line)))
        return time.process_time() - started

    def latencies(self, lines: Iterable[bytes]) -> list[float]:
        """Seconds that each line took alone, sorted."""
        clock, match, taken = time.perf_counter, self.match, []
        for line in lines:
            started = clock()
            match(line)
            taken.append(clock() - started)
        return sorted(taken)


def parse_only(lines: Sequence[bytes]) -> float:
    """CPU seconds of parsing alone: the floor."""
    loads = orjson.loads
    started = time.process_time()
    for line in lines:
        loads(line)
    return time.process_time() - started


def peak_megabytes() -> float:
    """The process's greatest resident size so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
