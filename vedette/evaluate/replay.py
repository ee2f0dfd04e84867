"""Verdicts replayed: what an order of alerts gains when people have judged some of them.

On AIT-ADS, alerts of one type on one host within ten minutes are one alert, from the first attack
of each company on. A verdict is what the set says: an attack's, or not. Some alerts are judged, a
logistic regression (or boosted trees) learns from them, and puts those that nobody judged in order:
trees by their own odds, of which the probabilities that they are made rise alike. Held against that
is the order without verdicts: by the fused p of the host's window, then by how rare the type was
in training. Both are compared at the same recall: so many of the attacks' alerts found, what share
of the alerts that one has to open for it are true.

Three ways to choose what is judged:

    by chance   blocks of a host's six hours go to either half by chance; of one half so many
                alerts are judged, the other half is measured; `DRAWS` times
    as ranked   the same halves; judged are those that the order without verdicts puts first
    in order    the first alerts of each company in time, shared out equally; all that come
                after them are measured

What the regression is told of an alert: the log p of its window by each detector and of all
together, how many alerts it stands for, how rare its type was in training, and how often alerts of
its type, and of its type on its host, were right by the verdicts before (the engine's tally).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.feedback.tally import Count
from engine.score.learned import BOOSTING, LOGISTIC
from models.base import Floats
from models.combine.boosting import Boosting
from models.combine.supervised import Logistic
from models.prepare.balance import NONE, balanced
from vedette.evaluate.protocol import Protocol
from vedette.evaluate.score import fused, scored
from vedette.evaluate.sets import ait_ads

VERDICTS = (50, 200, 1000)
RECALLS = (0.8, 0.9)
DRAWS = 20
KINDS: dict[str, type[Logistic] | type[Boosting]] = {LOGISTIC: Logistic, BOOSTING: Boosting}
GUESS = 0.5
"""What is said of a type of alert that nobody judged."""
CHANCE, RANKED, ORDER = "by chance", "as ranked", "in order"

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
Split = tuple[Places, Places]
"""What is judged, and what is measured."""
Block = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Queue:
    """The alerts of all companies, in the order of time within each; all of one length n.

    `known` (n, d) is what is known of each without verdicts, the order without verdicts goes by
    `first` (small = first), and `labels` says which are an attack's.
    """

    known: Floats
    first: Floats
    labels: Mask
    types: Sequence[str]
    blocks: Sequence[Block]
    """Company, host, and which six hours."""

    def __len__(self) -> int:
        return len(self.types)


@dataclass(frozen=True, slots=True)
class Row:
    """Precision at one recall, without and with verdicts: means of draws, and their 95 % range."""

    chosen: str
    verdicts: int
    true: float
    """How many of the verdicts were true."""
    measured: int
    recall: float
    before: float
    after: float
    low: float
    high: float
    balance: str = NONE
    """How the verdicts were weighed by whether they are true."""
    method: str = LOGISTIC
    """What learned from them."""

    def as_json(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        return asdict(self)


def evaluate(
    data: Path,
    protocol: Protocol,
    told: Callable[[str], None] = lambda _: None,
    balances: Sequence[str] = (NONE,),
    methods: Sequence[str] = (LOGISTIC,),
) -> list[Row]:
    """The table, from the folder of public data. Raises `InputError` for what is missing.

    `balances`, of `models.prepare.balance.HOW`: how verdicts are weighed, and `methods`, of
    `engine.score.learned.METHODS`: what learns from them; a table for each of either.
    """
    found = queue(data, protocol, told)
    return [row for method in methods for balance in balances
            for row in rows(found, balance, method)]  # fmt: skip


def queue(data: Path, protocol: Protocol, told: Callable[[str], None] = lambda _: None) -> Queue:
    """The alerts of all companies; each is learned from alone."""
    parts = []
    for name in ait_ads.SCENARIOS:
        told(f"feedback: {name}")
        path = data / ait_ads.FOLDER / f"{name}_alerts.csv.zst"
        parts.append(company(name, *ait_ads.halves(path), protocol))
    return Queue(
        np.concatenate([part.known for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.labels for part in parts]),
        [each for part in parts for each in part.types],
        [each for part in parts for each in part.blocks],
    )


def company(
    name: str, train: Sequence[ait_ads.Window], test: Sequence[ait_ads.Window], protocol: Protocol
) -> Queue:
    """The alerts of one company after its first attack."""
    trial = ait_ads.trial(name, train, test)
    each = [scored(one, trial, protocol.folds, protocol.seed) for one in protocol.fused]
    logs = [one for one in each if one is not None]
    together = fused(logs, protocol.rule).test
    seen = Counter(kind for window in train for kind in window.alerts)
    known, first, labels, types, blocks = [], [], [], [], []
    for at, window in enumerate(test):
        for kind, (count, true) in window.alerts.items():
            rare = np.log((1 + seen[kind]) / (1 + len(train)))
            known.append([*(one.middle_test[at] for one in logs), together[at],
                          np.log(count), rare])  # fmt: skip
            first.append((together[at], rare))
            labels.append(true)
            types.append(kind)
            blocks.append((name, *window.block))
    ranked = sorted(range(len(first)), key=lambda at: (*first[at], at))
    # The place in the company's own order as a share: a company with more alerts is not first.
    places = np.empty(len(ranked))
    places[ranked] = np.arange(len(ranked)) / len(ranked)
    return Queue(np.array(known), places, np.array(labels), types, blocks)


def rows(found: Queue, balance: str = NONE, method: str = LOGISTIC) -> list[Row]:
    """What verdicts gain, for each way of choosing them, each number of them and each recall."""
    ways = {CHANCE: by_chance, RANKED: _as_ranked, ORDER: _in_order}
    made = []
    for chosen, split in ways.items():
        for number in VERDICTS:
            pairs = list(split(found, number))
            orders = [
                (judged, measured, order)
                for judged, measured in pairs
                if (order := ranking(found, judged, measured, balance, method)) is not None
            ]
            each = [_row(found, chosen, number, recall, orders) for recall in RECALLS if orders]
            made += [replace(row, balance=balance, method=method) for row in each]
    return made


def _halves(found: Queue) -> Iterator[tuple[Split, np.random.Generator]]:
    every = sorted(set(found.blocks))
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        chosen = {block for block in every if rng.random() < 0.5}
        inside = np.array([block in chosen for block in found.blocks])
        yield (np.flatnonzero(inside), np.flatnonzero(~inside)), rng


def by_chance(found: Queue, number: int) -> Iterator[Split]:
    """So many judged of a half by chance, and the other half: one of each draw."""
    for (pool, rest), rng in _halves(found):
        if len(pool) >= number:
            yield np.sort(rng.permutation(pool)[:number]), rest


def _as_ranked(found: Queue, number: int) -> Iterator[Split]:
    for (pool, rest), _ in _halves(found):
        if len(pool) >= number:
            yield pool[np.argsort(found.first[pool], kind="stable")[:number]], rest


def _in_order(found: Queue, number: int) -> Iterator[Split]:
    names = np.array([company for company, _, _ in found.blocks])
    places = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]
    share = number // len(places)
    first = np.concatenate([each[:share] for each in places])
    rest = np.concatenate([each[share:] for each in places])
    if len(first) == share * len(places) and len(rest):
        yield first, rest


def ranking(
    found: Queue, judged: Places, measured: Places, balance: str = NONE, method: str = LOGISTIC
) -> Places | None:
    """The measured alerts as verdicts on others put them; None where verdicts are all alike."""
    labels = found.labels[judged]
    if labels.all() or not labels.any() or not found.labels[measured].any():
        return None
    model = KINDS[method]().fit(
        features(found, judged, judged), labels, balanced(labels.tolist(), balance)
    )
    sure = model.probability(features(found, measured, judged))
    # Among equals the order without verdicts.
    return measured[np.lexsort((found.first[measured], -sure))]


def features(found: Queue, wanted: Places, judged: Places) -> Floats:
    """What is told of `wanted`, by verdicts on `judged`: (n, d + 2).

    A judged alert is described by the verdicts before its own, in the order of `judged`.
    """
    types: dict[str, Count] = {}
    hosts: dict[tuple[str, str, str], Count] = {}
    asked: dict[int, tuple[float, float]] = {}
    for at in judged.tolist():
        of_type = types.setdefault(found.types[at], Count())
        of_host = hosts.setdefault(_host(found, at), Count())
        asked[at] = _shares(of_type, of_host)
        for count in (of_type, of_host):
            _add(count, bool(found.labels[at]))
    shares = np.array([
        asked.get(at) or _shares(types.get(found.types[at]), hosts.get(_host(found, at)))
        for at in wanted.tolist()
    ])  # fmt: skip
    return np.hstack([found.known[wanted], _odds(shares)])


def _shares(of_type: Count | None, of_host: Count | None) -> tuple[float, float]:
    """How often alerts of a type were right, and those of it on a host."""
    everywhere = (of_type or Count()).share(GUESS)
    return everywhere, (of_host or Count()).share(everywhere)


def _odds(shares: Floats) -> Floats:
    return np.asarray(np.log(shares / (1 - shares)))


def _host(found: Queue, at: int) -> tuple[str, str, str]:
    name, host, _ = found.blocks[at]
    return name, host, found.types[at]


def _add(count: Count, true: bool) -> None:
    if true:
        count.true += 1
    else:
        count.false += 1


def precision(labels: Mask, recall: float) -> float:
    """The share that is true of the alerts one opens, in their order, until `recall` is reached."""
    hits = np.cumsum(labels)
    opened = int(np.searchsorted(hits, np.ceil(recall * hits[-1]))) + 1
    return float(hits[opened - 1] / opened)


def _row(
    found: Queue, chosen: str, number: int, recall: float, orders: Sequence[tuple[Places, ...]]
) -> Row:
    before, after = [], []
    for _, measured, order in orders:
        plain = measured[np.argsort(found.first[measured], kind="stable")]
        before.append(precision(found.labels[plain], recall))
        after.append(precision(found.labels[order], recall))
    low, high = np.percentile(after, (2.5, 97.5))
    return Row(
        chosen, number, float(np.mean([found.labels[judged].sum() for judged, *_ in orders])),
        int(np.mean([len(measured) for _, measured, _ in orders])), recall,
        float(np.mean(before)), float(np.mean(after)), float(low), float(high),
    )  # fmt: skip


def show(found: Sequence[Row]) -> Iterator[str]:
    """The table for people."""
    for method, balance in dict.fromkeys((row.method, row.balance) for row in found):
        if method != LOGISTIC:
            yield f"learned by: {method}"
        if balance != NONE:
            yield f"verdicts weighed: {balance}"
        yield from _table([
            row for row in found if (row.method, row.balance) == (method, balance)
        ])  # fmt: skip


def _table(found: Sequence[Row]) -> Iterator[str]:
    yield "judged     verdicts  true  measured  recall  precision without  with  (95 % of draws)"
    for row in found:
        yield (
            f"{row.chosen:<9}  {row.verdicts:>8,}  {row.true:>4.0f}  {row.measured:>8,}  "
            f"{row.recall:>6.2f}  {row.before:>17.3f}  {row.after:.3f}  "
            f"({row.low:.3f} to {row.high:.3f})"
        )
