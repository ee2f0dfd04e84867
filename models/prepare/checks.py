"""Checks of data and labels before a model is fitted or a figure printed.

Each looks for one thing and gives a `Finding`, or None if all is well. `check` runs those that the
data allow. The traps are those of the public sets, and of Arp et al.: Dos and Don'ts of Machine
Learning in Computer Security (USENIX Security 2022).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from models.prepare.finding import Finding, Severity

MANY_DUPLICATES = 0.05
"""Share of test data that training has too, from which on it is worth saying."""
MANY_ANOMALIES = 0.3
"""Share of anomalies beyond which they are none."""
FEW = 30
"""Below so many of a class, figures are mostly chance."""


@dataclass(frozen=True, slots=True)
class Side:
    """Training or test data: items, and what is known of each; all of one length.

    `labels` are 0 for normal and 1 for an anomaly; `groups` what must not be torn apart (session,
    entity, scenario); `times` seconds; `fields` are columns by name.
    """

    items: Sequence[Hashable]
    labels: Sequence[int] | None = None
    times: Sequence[float] | None = None
    groups: Sequence[Hashable] | None = None
    fields: Mapping[str, Sequence[Any]] | None = None


Check: TypeAlias = Callable[[Side, Side], "Finding | None"]


def check(train: Side, test: Side | None = None, gap: float | None = None) -> list[Finding]:
    """All that is wrong, what must be refused first.

    `gap` is the pause in seconds that ends a session: then sessions at the edges are looked at.
    Without `test` what compares the two is left out.
    """
    sides = [("training", train)] + ([("test", test)] if test is not None else [])
    found: list[Finding | None] = []
    for name, side in sides:
        found += [lengths(side, name)]
        if found[-1] is not None:
            return [each for each in found if each is not None]
        found += [empty(side, name), wrong_labels(side, name), bad_times(side, name)]
        found += [unsorted_times(side, name), constant_fields(side, name), telling(side, name)]
        found += [cut_off(side, name, gap)] if gap is not None else []
    found.append(training_anomalies(train))
    if test is not None:
        found += [duplicates(train, test), contradictions(train, test), label_share(test)]
        found += [shared_groups(train, test), later_training(train, test)]
    kept = [each for each in found if each is not None]
    return sorted(kept, key=lambda each: each.severity is Severity.WARN)


def lengths(side: Side, name: str = "data") -> Finding | None:
    """Labels, times, groups and fields that do not go with the items."""
    columns = {"labels": side.labels, "times": side.times, "groups": side.groups}
    columns.update({f"field {key}": column for key, column in (side.fields or {}).items()})
    wrong = [k for k, column in columns.items() if column is not None and len(column) != _n(side)]
    if not wrong:
        return None
    return _refuse("unequal-lengths", f"{name} has {_n(side):,} items, and not as many {wrong[0]}")


def empty(side: Side, name: str = "data") -> Finding | None:
    """Nothing at all, or so little that figures are chance."""
    if not _n(side):
        return _refuse("empty", f"{name} has nothing in it")
    if _n(side) < FEW:
        return _warn("few", f"{name} has {_n(side)} items only")
    return None


def wrong_labels(side: Side, name: str = "data") -> Finding | None:
    """Labels that are neither 0 nor 1."""
    wrong = [label for label in _list(side.labels) if label not in (0, 1)]
    if not wrong:
        return None
    return _refuse("wrong-labels", f"{len(wrong):,} labels of {name} are not 0 or 1: {wrong[0]!r}")


def bad_times(side: Side, name: str = "data") -> Finding | None:
    """Times that are no numbers."""
    wrong = [at for at, time in enumerate(_list(side.times)) if not math.isfinite(time)]
    if not wrong:
        return None
    return _refuse(
        "bad-times", f"{len(wrong):,} times of {name} are no numbers, first at {wrong[0]}"
    )


def unsorted_times(side: Side, name: str = "data") -> Finding | None:
    """Times that go back: whoever reads in order gets sequences that never were."""
    times = _list(side.times)
    back = sum(after < before for before, after in pairwise(times))
    if not back:
        return None
    return _warn("unsorted-time", f"time goes back {back:,} times in {name}: sort before cutting")


def constant_fields(side: Side, name: str = "data") -> Finding | None:
    """Fields with one value: a model learns nothing from them."""
    fields = side.fields or {}
    columns = {key: {repr(value) for value in column} for key, column in fields.items()}
    same = [key for key, found in columns.items() if len(found) == 1 and _n(side) > 1]
    if not same:
        return None
    text = f"{len(same)} of {len(fields)} fields of {name} have one value only: {_some(same)}"
    return (_refuse if len(same) == len(fields) else _warn)("constant-field", text)


def telling(side: Side, name: str = "data") -> Finding | None:
    """A field whose values give the label away: it is probably the label's own trace.

    Every value stands with one label only, there are both labels, and far fewer values than items.
    """
    if len(set(_list(side.labels))) < 2:
        return None
    given = []
    for key, column in (side.fields or {}).items():
        pairs = {
            (repr(value), label) for value, label in zip(column, _list(side.labels), strict=True)
        }
        if len(pairs) == len({value for value, _ in pairs}) and len(pairs) <= _n(side) / 10:
            given.append(key)
    if not given:
        return None
    return _warn("telling-field", f"the values of {_some(given)} in {name} give the label away")


def cut_off(side: Side, name: str, gap: float) -> Finding | None:
    """Groups that begin or end less than `gap` seconds from an end of the data.

    What went before or came after is missing, so they look shorter and stranger than they were.
    """
    times = _list(side.times)
    if side.groups is None or not times:
        return None
    spans: dict[Hashable, tuple[float, float]] = {}
    for group, time in zip(side.groups, times, strict=True):
        first, last = spans.get(group, (time, time))
        spans[group] = (min(first, time), max(last, time))
    start, end = min(times), max(times)
    cut = sum(first - start < gap or end - last < gap for first, last in spans.values())
    if cut * 100 <= len(spans):
        return None
    text = f"{cut:,} of {len(spans):,} groups of {name} may be cut off at an end of the data"
    return _warn("cut-off", text)


def training_anomalies(train: Side) -> Finding | None:
    """Anomalies in training data: whoever learns what is normal from them learns them too."""
    count = sum(label == 1 for label in _list(train.labels))
    if not count:
        return None
    share = count / _n(train)
    return _warn("training-anomalies", f"{share:.2%} of the training data are labelled anomalies")


def label_share(test: Side) -> Finding | None:
    """Test labels of one kind, of too few anomalies, or of too many for them to be any."""
    if test.labels is None or not _n(test):
        return None
    count = sum(label == 1 for label in test.labels)
    share = count / _n(test)
    if count in (0, _n(test)):
        return _refuse("one-label", f"all {_n(test):,} test items have the label {test.labels[0]}")
    if share > MANY_ANOMALIES:
        return _warn("many-anomalies", f"{share:.1%} of the test data are anomalies")
    if count < FEW:
        return _warn("few-anomalies", f"the test data have {count} anomalies only")
    return None


def duplicates(train: Side, test: Side) -> Finding | None:
    """Test items that training has, too: a memory does as well on them as a model."""
    known = set(train.items)
    count = sum(item in known for item in test.items)
    if not _n(test) or count / _n(test) < MANY_DUPLICATES:
        return None
    return _warn(
        "duplicates", f"{count / _n(test):.1%} of the test data also occur in the training data"
    )


def contradictions(train: Side, test: Side) -> Finding | None:
    """Equal items with unequal labels: no detector can tell them apart."""
    labels: dict[Hashable, set[int]] = {}
    for side in (train, test):
        for item, label in zip(side.items, _list(side.labels), strict=False):
            labels.setdefault(item, set()).add(label)
    count = sum(len(each) > 1 for each in labels.values())
    if not count:
        return None
    return _warn(
        "contradicting-labels", f"{count:,} of {len(labels):,} distinct items have both labels"
    )


def shared_groups(train: Side, test: Side) -> Finding | None:
    """Groups with parts on both sides: training then knows what it is tested on."""
    if train.groups is None or test.groups is None:
        return None
    both = set(train.groups) & set(test.groups)
    if not both:
        return None
    names = _some(sorted(map(str, both)))
    return _refuse("leaked-groups", f"{len(both):,} groups are in both: {names}")


def later_training(train: Side, test: Side) -> Finding | None:
    """Training data from after the first test data: nobody could have had them."""
    times, others = _list(train.times), _list(test.times)
    if not times or not others:
        return None
    first = min(others)
    count = sum(time >= first for time in times)
    if not count:
        return None
    return _refuse(
        "leaked-time", f"{count:,} of {_n(train):,} training items are not before all test data"
    )


def _n(side: Side) -> int:
    return len(side.items)


def _list(column: Sequence[Any] | None) -> list[Any]:
    """A column as a list: arrays have no truth."""
    return [] if column is None else list(column)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:60] for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _refuse(name: str, text: str) -> Finding:
    return Finding(name, Severity.REFUSE, text)


def _warn(name: str, text: str) -> Finding:
    return Finding(name, Severity.WARN, text)
