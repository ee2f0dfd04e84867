"""Our engine on a corpus: NDJSON lines in, matches out, in CPU seconds of one process."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.detect import Detector
from engine.errors import Problem
from engine.load import load_rules
from engine.normalise import normalise
from engine.ports import Record
from vedette.rulesets import settle


@dataclass(frozen=True)
class Pass:
    """One way through some lines: CPU seconds, events, matches, and the screen's hit rate."""

    name: str
    events: int
    seconds: float
    matches: int
    hit_rate: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


class Engine:
    """Rules made ready, as `vedette hunt` has them."""

    def __init__(self, rules: Path) -> None:
        started = time.process_time()
        self.rules = load_rules([rules])
        self.problems: list[Problem] = []
        self.detector = Detector(self.rules.rules, self.problems.append)
        self.load_seconds = time.process_time() - started
        settle()  # as the command line does once the rules are loaded

    def run(self, name: str, lines: Sequence[bytes]) -> Pass:
        """Every line through parsing, screening and matching."""
        detector, loads, matches = self.detector, orjson.loads, 0
        before = detector.counts()
        started = time.process_time()
        for line in lines:
            document = loads(line)
            if detector.may_match(document, line):
                matches += len(detector.match(normalise(Record(document, "bench", raw=line))))
        seconds = time.process_time() - started
        hits, misses = (now - then for now, then in zip(detector.counts(), before, strict=True))
        return Pass(name, len(lines), seconds, matches, hits / max(1, hits + misses))


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
