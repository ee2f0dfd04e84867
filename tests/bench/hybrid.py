"""What models cost beside rules: the same events through `hunt`'s pipeline, with and without them.

    python -m tests.bench.hybrid [--events FILE] [--model NAME] [--rules PATH] [--rounds N]

By default ordinary days of the demo's office that its model has not learned from, Vedette's own
rules and the model `demo-office`. CPU seconds of this process, in turns, after one pass that warms
both; the ratio of medians is what counts, for times depend on the machine. Reading is included, and
so is answering every window at the end.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from connectors.files import FileSource
from engine.alert import AlertMaker, Execution
from engine.detect import Detector
from engine.errors import Problems
from engine.ports import Alert, Written
from engine.run import MemoryState, Pipeline
from engine.score.ensemble import Ensemble
from engine.score.model import Model
from mitre.catalog import Catalog
from vedette import bundles, rulesets
from vedette.demo.day import START, generate_labelled

SEEDS = range(301, 306)
"""Days that neither the model nor any test has seen."""
NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Nowhere:
    """Counts alerts."""

    def __init__(self) -> None:
        self.count = 0

    def prepare(self) -> None: ...

    def write(self, alerts: Sequence[Alert]) -> Written:
        self.count += len(alerts)
        return Written(len(alerts))

    def close(self) -> None: ...


@dataclass
class Bench:
    """Rules made ready once, as in a run; windows begin anew with each pass."""

    path: Path
    detector: Detector
    model: Model
    events: int = 0
    alerts: int = 0

    def run(self, *, hybrid: bool) -> float:
        """CPU seconds of one pass."""
        problems = Problems()
        maker = AlertMaker(Catalog.load(), Execution("b", "bench"), namespace="default")
        scorer = Ensemble([self.model], maker, problems, alerts_a_day=5) if hybrid else None
        sink = Nowhere()
        line = Pipeline(self.detector, maker, sink, MemoryState(), lambda: NOW, scorer=scorer)
        source = FileSource([self.path], problems, look=line.look())
        started = time.process_time()
        line.drain(source)
        line.finish()
        taken = time.process_time() - started
        source.close()
        self.events, self.alerts = line.totals.events, sink.count
        return taken


def days(path: Path) -> None:
    """Write ordinary days, one after the other."""
    with path.open("wb") as file:
        for number, seed in enumerate(SEEDS):
            for document, truth in generate_labelled(seed, start=START + timedelta(days=number)):
                if truth is None:
                    file.write(orjson.dumps(document) + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path)
    parser.add_argument("--model", default="demo-office")
    parser.add_argument("--rules", type=Path, action="append", default=[])
    parser.add_argument("--state", type=Path, default=Path("none"))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    from engine.rule import Selection

    rules = rulesets.load(given.rules, Selection())
    rulesets.settle()
    with tempfile.TemporaryDirectory() as folder:
        path = given.events or Path(folder) / "days.ndjson"
        if given.events is None:
            days(path)
        model = bundles.model(given.state, given.model)
        bench = Bench(path, Detector(rules.rules, Problems()), model)
        taken: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(given.rounds + 1):
            for hybrid, each in taken.items():
                each.append(bench.run(hybrid=hybrid))
        rules_alone, with_models = (statistics.median(each[1:]) for each in taken.values())
    micro = 1e6 / bench.events
    print(
        f"{bench.events:,} events, {len(rules.rules)} rules, model {given.model}: "
        f"{rules_alone * micro:.1f} µs an event by rules alone, {with_models * micro:.1f} µs with "
        f"the model, {with_models / rules_alone:.2f} times"
    )


if __name__ == "__main__":
    main()
