"""Results as JUnit XML, which CI systems show beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from vedette.output.safe import visible, visible_lines

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One result. `failure` is None when it passed; `type` says what kind of failure it is."""

    place: str
    name: str
    failure: str | None = None
    type: str = "failure"


def junit_xml(name: str, suites: Mapping[str, Iterable[Case]]) -> str:
    """A JUnit document: a suite for each name, its cases in order."""
    parts = []
    total = failed = 0
    for suite, cases in suites.items():
        written = list(cases)
        failures = sum(case.failure is not None for case in written)
        total, failed = total + len(written), failed + failures
        parts.append(
            f"  <testsuite name={_attribute(suite)} tests={_attribute(len(written))} "
            f'failures={_attribute(failures)} errors="0" skipped="0" time="0">'
        )
        parts.extend(_case(case) for case in written)
        parts.append("  </testsuite>")
    head = f"<testsuites name={_attribute(name)} tests={_attribute(total)} " + (
        f'failures={_attribute(failed)} errors="0" time="0">'
    )
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *parts, "</testsuites>", ""])


def _case(case: Case) -> str:
    start = f"    <testcase classname={_attribute(case.place)} name={_attribute(case.name)} "
    if case.failure is None:
        return f'{start}time="0"/>'
    first = case.failure.split("\n", 1)[0]
    return (
        f'{start}time="0">\n'
        f"      <failure type={_attribute(case.type)} message={_attribute(first)}>"
        f"{escape(_legal(visible_lines(case.failure)))}</failure>\n"
        "    </testcase>"
    )


def _attribute(value: object) -> str:
    return quoteattr(_legal(visible(value)))


def _legal(text: str) -> str:
    """XML 1.0 has no place for some characters, not even escaped."""
    return _ILLEGAL.sub("\ufffd", text)
