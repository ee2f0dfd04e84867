"""How well found groups of lines agree with true ones, and found templates with true texts.

Grouping accuracy (GA) is that of Zhu et al.: Tools and Benchmarks for Automated Log Parsing (ICSE
2019): the share of lines whose found group has exactly the lines of a true one. The F1 score of
groups (FGA) is that of Jiang et al.: A Large-Scale Evaluation for Log Parsing Techniques (ISSTA
2024), in which a group of two lines weighs as much as one of a thousand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from models.errors import DataError


@dataclass(frozen=True, slots=True)
class Grouping:
    """`accuracy` and `f1` in [0, 1], and how many groups there were and were found."""

    accuracy: float
    f1: float
    true: int
    found: int


def grouping(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Grouping:
    """Compare the groups of equal entries in `truth` with those in `found`, line by line."""
    _same_length(truth, found)
    sizes, founds = Counter(truth), Counter(found)
    pairs = Counter(zip(truth, found, strict=True))
    right = [n for (a, b), n in pairs.items() if n == sizes[a] == founds[b]]
    return Grouping(
        sum(right) / len(truth),
        2 * len(right) / (len(sizes) + len(founds)),
        len(sizes),
        len(founds),
    )


def parsing_accuracy(truth: Sequence[str], found: Sequence[str]) -> float:
    """The share of lines whose template's text is the true one.

    Values that only joints part are one value on both sides: how finely `10.0.0.1:80` is cut up
    differs between annotators.
    """
    _same_length(truth, found)
    form = {text: _joined(text) for text in {*truth, *found}}
    return sum(form[a] == form[b] for a, b in zip(truth, found, strict=True)) / len(truth)


def _joined(text: str) -> str:
    return " ".join(re.sub(r"<\*>(?:[-.:/,+]*<\*>)+", "<*>", text).split())


def _same_length(truth: Sequence[object], found: Sequence[object]) -> None:
    if len(truth) != len(found):
        raise DataError(f"{len(found)} lines were grouped, of {len(truth)}")
    if not truth:
        raise DataError("there are no lines to compare")
