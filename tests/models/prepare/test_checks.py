"""Each trap is found by its name, and sound data are not complained of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.errors import DataError
from models.prepare.checks import Side, check
from models.prepare.finding import Finding, Severity, refuse

N = 100
TRAIN = Side(
    items=[(n, 1) for n in range(N)],
    labels=[0] * N,
    times=[float(n) for n in range(N)],
    groups=[f"a{n // 2}" for n in range(N)],
    fields={"user": [n % 7 for n in range(N)], "size": [n * 3 for n in range(N)]},
)
TEST = Side(
    items=[(n, 2) for n in range(N)],
    labels=[int(n < 30) for n in np.random.default_rng(0).permutation(N)],
    times=[float(1_000 + n) for n in range(N)],
    groups=[f"b{n // 2}" for n in range(N)],
    fields={"user": [n % 7 for n in range(N)], "size": [n * 3 for n in range(N)]},
)


def names(train: Side = TRAIN, test: Side | None = TEST, gap: float | None = None) -> set[str]:
    return {finding.name for finding in check(train, test, gap)}


def test_sound_data_have_no_findings() -> None:
    assert check(TRAIN, TEST) == []
    arrays = replace(TEST, labels=np.array(TEST.labels), times=np.array(TEST.times))  # type: ignore[arg-type]
    assert check(TRAIN, arrays) == []


@pytest.mark.parametrize(
    ("name", "side", "change"),
    [
        ("unequal-lengths", "train", {"times": [1.0]}),
        ("unequal-lengths", "test", {"fields": {"user": [1]}}),
        ("wrong-labels", "test", {"labels": [0, 1, 2] + [0] * 97}),
        ("bad-times", "train", {"times": [float("nan")] * N}),
        ("unsorted-time", "test", {"times": [float(2_000 - n) for n in range(N)]}),
        ("constant-field", "train", {"fields": {"user": ["x"] * N, "size": list(range(N))}}),
        ("training-anomalies", "train", {"labels": [0] * 99 + [1]}),
        ("one-label", "test", {"labels": [0] * N}),
        ("few-anomalies", "test", {"labels": [1] * 5 + [0] * 95}),
        ("many-anomalies", "test", {"labels": [1] * 84 + [0] * 16}),
        ("duplicates", "test", {"items": [(n, 1) for n in range(N)]}),
        ("contradicting-labels", "test", {"items": [(n, 1) for n in range(N)], "labels": [1] * N}),
        ("leaked-groups", "test", {"groups": ["a7"] * N}),
        ("leaked-time", "test", {"times": [float(50 + n) for n in range(N)]}),
        ("telling-field", "test", {"fields": {"x": [int(n < 50) for n in range(N)]},
                                   "labels": [int(n < 50) for n in range(N)]}),
    ],
)  # fmt: skip
def test_a_trap_is_found_by_its_name(name: str, side: str, change: dict[str, Any]) -> None:
    if side == "train":
        assert name in names(train=replace(TRAIN, **change))
    else:
        assert name in names(test=replace(TEST, **change))
    assert name not in names()


def test_nothing_and_little_are_told_apart() -> None:
    assert "empty" in names(Side([]), None)
    assert names(Side([1, 2]), None) == {"few"}


def test_sessions_at_the_edges_may_be_cut_off() -> None:
    assert "cut-off" in names(gap=5.0)
    inner = replace(TRAIN, groups=["first", *["middle"] * 98, "last"])
    assert "cut-off" in names(inner, None, gap=0.5)
    assert "cut-off" not in names(replace(TRAIN, groups=None), None, gap=5.0)


def test_if_all_fields_are_constant_the_data_are_refused() -> None:
    findings = check(replace(TRAIN, fields={"a": [1] * N, "b": ["x"] * N}))
    assert [(f.name, f.severity) for f in findings] == [("constant-field", Severity.REFUSE)]


def test_what_must_be_refused_comes_first_and_is_named() -> None:
    findings = check(TRAIN, replace(TEST, labels=[0] * N, times=[float(-n) for n in range(N)]))
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities)
    with pytest.raises(DataError, match=r"one-label: all 100.*leaked-time: 100 of 100"):
        refuse(findings)


def test_a_refusal_can_be_allowed_by_name_and_warnings_pass() -> None:
    findings = [Finding("leaked-time", Severity.REFUSE, "x"), Finding("few", Severity.WARN, "y")]
    assert refuse(findings, allow=["leaked-time"]) == findings
    with pytest.raises(DataError, match="leaked-time: x"):
        refuse(findings, allow=["few"])
