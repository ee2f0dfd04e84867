"""The engine finds what the oracle finds, in whatever order events come, and after any restart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from engine.correlate.correlator import Correlator
from engine.rule import RuleSet
from tests.engine.correlate.oracle import (
    Spec,
    chains,
    distinct,
    findings,
    follows,
    numbers,
    percentile,
    rules,
)
from tests.engine.correlate.stream import (
    EPOCH,
    Feed,
    Found,
    Seen,
    correlation,
    hunted,
    random_events,
    ruleset,
    told,
)

LATENESS = 8
SETS, SHUFFLES = 100, 10
A, AB, ABC = ("a",), ("a", "b"), ("a", "b", "c")


def one(
    type: str, over: tuple[str, ...], test: Any, condition: Any = None, **spec: Any
) -> tuple[list[dict[str, Any]], list[Spec]]:
    block = {"type": type, "rules": list(over), "group_by": list(spec.get("group_by", ["user"]))}
    if condition is not None:
        block["condition"] = condition
    return [correlation(**block)], [Spec("Found", over, test, **spec)]


def numeric(type: str, test: Any, closing: bool = False, **condition: Any) -> Any:
    wanted = {"field": "value", **condition}
    return one(type, AB, test, wanted, value="value", numeric=True, closing=closing)


def chained() -> tuple[list[dict[str, Any]], list[Spec]]:
    """Two of `a` by user and by another field, then `b` by the same user."""
    documents = [
        correlation("Many", "many", type="event_count", rules=["a"], group_by=["other", "user"],
                    condition={"gte": 2}),
        correlation("Few", "few", type="event_count", rules=["c"], group_by=["user"],
                    condition={"lt": 3}, timespan="5s"),
        correlation("Then", type="temporal_ordered", rules=["many", "b"], group_by=["user"]),
        correlation("Both", type="temporal", rules=["many", "few"], group_by=["user"]),
        correlation("Others", type="value_count", rules=["many", "b"], group_by=["user"],
                    condition={"gte": 2, "field": "other"}, generate=True),
    ]  # fmt: skip
    specs = [
        Spec("Many", A, lambda w: len(w) >= 2, group_by=("other", "user"), name="many"),
        Spec("Few", ("c",), lambda w: len(w) < 3, closing=True, span=5, name="few"),
        Spec("Then", ("many", "b"), lambda w: follows(w, ("many", "b"))),
        Spec("Both", ("many", "few"), lambda w: {"many", "few"} <= rules(w)),
        Spec("Others", ("many", "b"), lambda w: distinct(w) >= 2, value="other"),
    ]
    return documents, specs


SETUPS = {
    "event_count": one("event_count", AB, lambda w: len(w) >= 3, {"gte": 3}),
    "event_count without groups": one(
        "event_count", A, lambda w: len(w) > 2, {"gt": 2}, group_by=()
    ),
    "event_count, fewer": one("event_count", A, lambda w: len(w) < 3, {"lt": 3}, closing=True),
    "event_count, exactly": one("event_count", AB, lambda w: len(w) == 2, {"eq": 2}, closing=True),
    "event_count, a range": one(
        "event_count", AB, lambda w: 2 < len(w) <= 4, {"gt": 2, "lte": 4}, closing=True
    ),
    "value_count": one(
        "value_count", AB, lambda w: distinct(w) >= 3, {"field": "value", "gte": 3}, value="value"
    ),
    "value_count, not two": one(
        "value_count", AB, lambda w: distinct(w) != 2, {"field": "value", "neq": 2},
        value="value", closing=True,
    ),
    "value_sum": numeric("value_sum", lambda w: sum(numbers(w)) >= 7, gte=7),
    "value_sum, at most": numeric("value_sum", lambda w: sum(numbers(w)) <= 2, True, lte=2),
    "value_avg": numeric("value_avg", lambda w: sum(numbers(w)) / len(numbers(w)) > 2.2, gt=2.2),
    "value_avg, below": numeric(
        "value_avg", lambda w: sum(numbers(w)) / len(numbers(w)) < 2, True, lt=2
    ),
    "value_median": numeric("value_median", lambda w: percentile(w, 50) >= 2.5, gte=2.5),
    "value_percentile": numeric(
        "value_percentile", lambda w: percentile(w, 90) > 3, gt=3, percentile=90
    ),
    "temporal": one("temporal", ABC, lambda w: set(ABC) <= rules(w)),
    "temporal, two of three": one("temporal", ABC, lambda w: len(rules(w)) >= 2, {"gte": 2}),
    "temporal, extended": one(
        "temporal", ABC, lambda w: "a" in rules(w) and bool(rules(w) & {"b", "c"}), "a and (b or c)"
    ),
    "temporal, without": one(
        "temporal", AB, lambda w: "a" in rules(w) and "b" not in rules(w), "a and not b",
        closing=True,
    ),
    "temporal_ordered": one("temporal_ordered", ABC, lambda w: follows(w, ABC)),
    "temporal_ordered, there and back": one(
        "temporal_ordered", ("a", "b", "a"), lambda w: follows(w, "aba")
    ),
    "temporal_ordered, two of three": one(
        "temporal_ordered", ABC, lambda w: chains(w, ABC) >= 2, {"gte": 2}
    ),
    "temporal_ordered, extended": one(
        "temporal_ordered", ABC, lambda w: follows(w, "ab") or follows(w, "ac"), "a and (b or c)"
    ),
    "temporal_ordered, without": one(
        "temporal_ordered", ABC, lambda w: follows(w, "ab") and "c" not in rules(w),
        "a and not c and b", closing=True,
    ),
    "chained": chained(),
}  # fmt: skip


@pytest.fixture(params=SETUPS, scope="module")
def setup(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RuleSet, list[Spec]]:
    documents, specs = SETUPS[request.param]
    return ruleset(tmp_path_factory.mktemp("rules"), *documents), specs


def heard(rules: RuleSet, specs: list[Spec], events: list[Seen]) -> set[Found]:
    """What the oracle finds, of those correlations that alert themselves."""
    loud = {rule.title for rule in rules.rules if rule.output}
    return {found for found in findings(specs, events) if found[0] in loud}


def quiet(_: object) -> None:
    """Missing fields and suppressed alerts are part of these streams."""


def test_a_hunt_finds_what_the_oracle_finds_in_any_order(
    setup: tuple[RuleSet, list[Spec]],
) -> None:
    rules, specs = setup
    rng = Random(4)
    met = 0
    for _ in range(SETS):
        events = random_events(rng, rng.randrange(1, 16))
        expected = heard(rules, specs, events)
        met += len(expected)
        for _ in range(SHUFFLES):
            rng.shuffle(events)
            assert told(hunted(rules, events, quiet)) == expected, events
    assert met > SETS // 10


def arrival(rng: Random, events: list[Seen]) -> list[Seen]:
    """An order in which no event comes later than the lateness budget allows."""
    return sorted(events, key=lambda seen: seen.second + rng.uniform(0, LATENESS - 0.01))


def streamed(rules: RuleSet, events: list[Seen], rng: Random, restart: float) -> set[Found]:
    """What is found batch by batch, with restarts from saved states in between."""
    lateness = timedelta(seconds=LATENESS)

    def fresh() -> Feed:
        return Feed(rules, Correlator(rules.correlations, rules.rules, quiet, lateness=lateness))

    feed, found, rest, now = fresh(), set[Found](), list(events), EPOCH + timedelta(hours=1)
    feed.correlator.watch(["source"], now)
    while rest:
        size = rng.randrange(1, 5)
        batch, rest = rest[:size], rest[size:]
        for seen in batch:
            event = feed.give(seen, now)
            feed.correlator.saw("source", event, now)
        found |= told(feed.correlator.advance(now))
        if rng.random() < restart:
            state = orjson.loads(orjson.dumps(feed.correlator.save()))
            feed = fresh()
            feed.correlator.restore(state, now)
    return found | told(feed.correlator.finish())


@pytest.mark.parametrize("restart", [0.0, 0.4], ids=["in one go", "with restarts"])
def test_a_stream_within_the_lateness_budget_finds_what_the_oracle_finds(
    setup: tuple[RuleSet, list[Spec]], restart: float
) -> None:
    rules, specs = setup
    rng = Random(5)
    for _ in range(SETS):
        events = random_events(rng, rng.randrange(1, 16))
        expected = heard(rules, specs, events)
        for _ in range(SHUFFLES // 5):
            assert streamed(rules, arrival(rng, events), rng, restart) == expected, events


def test_the_oracle_knows_a_window_by_hand(tmp_path: Path) -> None:
    events = [Seen(s, f"e{s:02}", A, (("user", "al"),)) for s in (0, 4, 9, 10, 19, 20)]
    documents, specs = SETUPS["event_count"]
    # 9 completes 0 to 9; 10 and 19 lie within ten seconds of it; (10, 20] has only 19 and 20
    assert findings(specs, events) == {("Found", ("al",), "e09")}
    assert told(hunted(ruleset(tmp_path, *documents), events, quiet)) == findings(specs, events)
