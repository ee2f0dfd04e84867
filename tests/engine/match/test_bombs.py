"""Hostile expressions on hostile values: every search ends soon, and says what is true."""

from __future__ import annotations

import re
import resource
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from engine.detect import Detector
from engine.errors import Problem
from engine.load import load_rules
from engine.match import allowance
from engine.match.pattern import (
    LONGEST,
    MAX_LENGTH,
    RULE_LIMIT,
    TIME_LIMIT,
    PatternError,
    Regex,
    RegexTimeoutError,
)
from engine.match.weight import threads
from engine.normalise import normalise
from engine.ports import Record
from tests.engine.match.bombs import FAMILIES, Bomb, bombs

ALLOWED = 0.05
"""Seconds of CPU that a search may take."""

BUSY = 2.0
"""How many times slower what RE2 takes of memory may be on a machine that others use as well."""

READY = 0.25
"""Seconds of CPU in which an expression is ready or refused."""

SHORT, MIDDLE, LONG = 4 << 10, 64 << 10, 1 << 20


def cpu(call: Callable[[], object], enough: float) -> float:
    """The least time of three tries, fewer when it is little.

    One try may meet the garbage collector, which takes longer than a search in a long test run.
    """
    best = 9e9
    for _ in range(3):
        start = time.thread_time()
        call()
        best = min(best, time.thread_time() - start)
        if best < enough:
            break
    return best


@cache
def made(bomb: Bomb) -> Regex | None:
    try:
        return Regex(bomb.source, bomb.flags)
    except PatternError:
        return None


def answer(regex: Regex, value: str) -> bool | None:
    """What the engine says; None when it is stopped."""
    try:
        return regex.search(value)
    except RegexTimeoutError:
        return None


def test_two_hundred_bombs_are_of_every_family_and_run_on_both_engines() -> None:
    found = list(bombs())
    assert len(set(found)) > 150
    families = Counter(bomb.family for bomb in found)
    assert (len(families), set(families.values())) == (len(FAMILIES), {25})
    engines = Counter(regex.linear if (regex := made(bomb)) else None for bomb in found)
    assert engines[True] > 60
    assert engines[False] > 60
    assert 0 < engines[None] < 30


def test_every_bomb_is_ready_or_refused_soon() -> None:
    for bomb in bombs():
        assert cpu(lambda bomb=bomb: made.__wrapped__(bomb), READY) < READY, bomb


def test_no_search_takes_longer_than_50_ms_of_cpu() -> None:
    """On the stoppable engine however long the value is.

    RE2 cannot be stopped: on a text that makes it forget what it has learnt it takes up to 32 ns
    a byte and place. So 50 ms are sure where that says so, and always on 1 KiB.
    """
    for bomb in bombs():
        if (regex := made(bomb)) is None:
            continue
        for size in (1 << 10, SHORT, MIDDLE, LONG):
            value = bomb.value(size)
            allowed = ALLOWED
            if regex.linear and size > 1 << 10:
                allowed = max(ALLOWED, 32e-9 * len(value.encode()) * (threads(bomb.source) or 0))
            if allowed > 0.5:
                continue
            if regex.linear:
                allowed *= BUSY
            taken = cpu(lambda regex=regex, value=value: answer(regex, value), 0.8 * allowed)
            assert taken < allowed, (bomb.family, bomb.source[:80], size)


def test_what_a_bomb_answers_is_what_re_answers_where_that_comes_to_an_end() -> None:
    """On values of 12 characters and less few explode, and `re` means the same."""
    compared = stopped = 0
    for bomb in bombs():
        regex = made(bomb)
        if regex is None or re.search(r"\{(?:1,)?\d{2,}|\\W|\){4}|(?:\)[*+?]){4}", bomb.source):
            continue  # these do not end in `re`, which has other letters
        oracle = re.compile(f"(?{bomb.flags})" * bool(bomb.flags) + bomb.source.replace("$", r"\Z"))
        values = [bomb.value(size)[:12] for size in (5, 9, 12)]
        for value in ("", bomb.fuel[:12], *values, "az", "aaz"):
            found = answer(regex, value)
            compared, stopped = compared + 1, stopped + (found is None)
            assert found in (None, oracle.search(value) is not None), (bomb, value)
    assert compared > 600
    assert stopped < compared / 50


@pytest.mark.parametrize(
    "source",
    [
        r"(?=a)(a|aa)+$", r"(?=a)a*?a*?a*?z", r"(?=a)[\W\w]*?[a-z]*?[^b]*?\dz", r"(?=a)(?>a+)+z",
        r"(\w+)\s(\w+)\s\1\2$", r"(?=.*a)(?=.*b)(.*)(.*)\1\2z", r"(?<!b)(?:a?){30}a{30}z",
        r"(?=a)(?:a|b(?:c|a*))*z", r"(?i)(?=a)(?:a|\u017f)*?z", r"(?=a)(a{1,30}){1,30}z",
        r"(a)?(?(1)a+)+z", r"(?=a)(a++a?)*z",
    ],
)  # fmt: skip
def test_the_time_limit_is_kept_inside_of_every_kind_of_loop(source: str) -> None:
    regex = Regex(source)
    assert not regex.linear
    value = "a" * (LONGEST - 2) + "\nz"
    assert cpu(lambda: answer(regex, value), 2 * TIME_LIMIT) < ALLOWED


def test_an_endless_loop_is_not_tried_on_a_value_that_is_too_long_and_says_so() -> None:
    with pytest.raises(RegexTimeoutError, match=r"is not tried on more than 16,384 characters"):
        Regex("(?=a)a+z").search("a" * (LONGEST + 1))
    assert Regex("svchost(?!\\.exe)").search("x" * LONG + "svchost.com")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(?=a)" + "(" * 20 + "a" + "){1,2}" * 20, "too large, its repetitions written out"),
        ("(" * 50 + "a" + "){2}" * 50, "too large, its repetitions written out"),
        ("(?=a)" + "(" * 90 + "a" + ")+" * 90, "too large, its repetitions written out"),
        ("(?=a)(?:" + "|".join(f"word{n}" for n in range(2000)) + ")", "too large"),
        ("a" * (MAX_LENGTH + 1), "longer than 32,768 characters"),
        ("(?=a)" + "(?:" * 500 + "a" + ")" * 500, "cannot be read|nested too deeply"),
    ],
)
def test_what_would_fill_the_memory_is_refused_before_an_engine_sees_it(
    source: str, reason: str
) -> None:
    def refused() -> None:
        with pytest.raises(PatternError, match=reason):
            Regex(source)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert cpu(refused, READY) < READY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_many_words_run_on_the_linear_engine() -> None:
    words = "|".join(f"evil{n * 7919 % 100_003}" for n in range(2000))
    assert Regex(f"\\b(?:{words})\\b").linear
    assert not Regex("|".join(f"[a-z]{{{n}}}x" for n in range(2, 60))).linear


RULE = """\
title: Slow
logsource: {product: any}
detection:
  s:
    Name|re: '%s'
  other: {Other: x}
  condition: s or other
---
title: Innocent
logsource: {product: any}
detection: {s: {Kind: y}, condition: s}
"""


def matched(rule: str, event: dict[str, object], folder: Path) -> tuple[list[str], list[Problem]]:
    (folder / "r.yml").write_text(RULE % rule, encoding="utf-8")
    rules = load_rules([folder])
    assert [str(error) for error in rules.refused] == []
    problems: list[Problem] = []
    document = {"logsource.product": "any", **event}
    detector = Detector(rules.rules, problems.append)
    found = detector.match(normalise(Record(document, "x")))
    return [match.rule.title for match in found], problems


def test_a_search_that_is_stopped_is_that_rules_problem_and_no_other_rules(tmp_path: Path) -> None:
    value = "a" * 3000 + "b"
    found, problems = matched("(?=a)(a|aa)+$", {"Name": value, "Kind": "y"}, tmp_path)
    assert found == ["Innocent"]
    assert [problem.kind for problem in problems] == ["rule-timeout"]
    assert str(problems[0]).endswith(
        "r.yml: Slow: regular expression '(?=a)(a|aa)+$' took over 0.02 s"
    )


def test_a_rule_that_was_stopped_is_asked_again_of_the_next_event(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(RULE % "(?=a)(a|aa)+$", encoding="utf-8")
    problems: list[Problem] = []
    detector = Detector(load_rules([tmp_path]).rules, problems.append)
    slow = {"logsource.product": "any", "Name": "a" * 3000 + "b"}
    quick = {"logsource.product": "any", "Name": "aaa"}
    for _ in range(5):
        assert detector.match(normalise(Record(slow, "x"))) == []
        assert [m.rule.title for m in detector.match(normalise(Record(quick, "y")))] == ["Slow"]
    assert len(problems) == 5


def test_thousands_of_values_share_one_limit(tmp_path: Path) -> None:
    """Each value is answered just in time, all of them would take a minute."""
    value = "a" * 200 + "b"
    source = "(?=a)a*a*$"
    one = cpu(lambda: answer(Regex(source), value), 0)
    assert 0.0005 < one < TIME_LIMIT, "the test needs a search that is slow but in time"
    assert answer(Regex(source), value) is False
    values = [value + str(n) for n in range(3000)]
    start = time.thread_time()
    found, problems = matched(source, {"Name": values, "Kind": "y"}, tmp_path)
    assert time.thread_time() - start < 10 * RULE_LIMIT, "each by itself would take a minute"
    assert found == ["Innocent"]
    assert len(problems) == 1


def test_outside_of_an_allowance_each_search_has_its_own_limit() -> None:
    assert allowance.left(TIME_LIMIT) == TIME_LIMIT
    with allowance.allowance(-1):
        assert allowance.left(TIME_LIMIT) < 0
        with pytest.raises(RegexTimeoutError, match=r"had no time left of the 0\.1 s"):
            Regex("(?=a)a").search("a")
    assert Regex("(?=a)a").search("a")


def test_a_rule_that_would_fill_the_memory_is_refused_with_its_line(tmp_path: Path) -> None:
    source = "(?=a)" + "(" * 20 + "a" + "){1,2}" * 20
    (tmp_path / "r.yml").write_text(RULE % source, encoding="utf-8")
    rules = load_rules([tmp_path])
    assert [rule.title for rule in rules.rules] == ["Innocent"]
    assert len(rules.refused) == 1
    assert str(rules.refused[0]).startswith(f"{tmp_path / 'r.yml'}:5: detection: Slow: regular ")
    (tmp_path / "r.yml").write_text(RULE % ("a" * (MAX_LENGTH + 1)), encoding="utf-8")
    assert [error.line for error in load_rules([tmp_path]).refused] == [3]
