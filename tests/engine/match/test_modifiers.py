"""No modifier that pySigma parses is left without a case, or a word on why it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from sigma.modifiers import modifier_mapping

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((ROOT / "tests" / "cases" / "match").glob("*.yml"))


def keys(part: Any) -> Iterator[str]:
    """Every key in a selection or detection."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield str(key)
            yield from keys(value)
    elif isinstance(part, list):
        for value in part:
            yield from keys(value)


def used(*outcomes: str) -> set[str]:
    """Modifiers of the cases that say all of these."""
    found: set[str] = set()
    for file in CASES:
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["cases"]:
            if all(case.get(outcome) for outcome in outcomes):
                parts = [case.get("where"), case.get("detection"), case.get("rule")]
                found.update(name for key in keys(parts) for name in key.split("|")[1:])
    return found


def refused() -> set[str]:
    """Modifiers that a case names in what the refusal says."""
    topics = [yaml.safe_load(file.read_text(encoding="utf-8"))["cases"] for file in CASES]
    said = " ".join(str(case.get("refused", "")) for topic in topics for case in topic)
    return set(re.findall(r"the modifier (\w+)", said))


def test_every_modifier_of_pysigma_has_a_case_that_matches_and_misses_or_is_refused() -> None:
    assert modifier_mapping.keys() - used("matches", "misses") == refused()


def test_cases_use_no_modifier_that_pysigma_does_not_know() -> None:
    assert used("matches") - modifier_mapping.keys() == set()
