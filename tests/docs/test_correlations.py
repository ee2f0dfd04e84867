"""The figures in docs/correlations.md are those of the code, and its types are all there are."""

from __future__ import annotations

import re

from engine.correlate.correlator import ANCESTORS, SHOWN
from engine.correlate.limits import Limits
from engine.correlate.parse import MAX_RULES
from engine.correlate.rule import TYPES
from engine.correlate.value import MAX_VALUES
from tests.docs.pages import page, rows
from vedette.wiring import LATENESS

PAGE = page("docs/correlations.md")


def test_the_types_are_all_that_there_are() -> None:
    named = [name for row in rows(PAGE.section("Types")) for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == sorted(TYPES)


def test_the_limits_are_the_codes_own() -> None:
    told = dict(rows(PAGE.section("Limits")))
    limits = Limits()
    expected = {
        "groups of one correlation": f"{limits.groups:,}",
        "matches of one window": f"{limits.matches:,}, or what the condition asks for",
        "matches of one correlation": f"{limits.held:,}",
        "matched events that wait": f"{limits.waiting:,}",
        "source events kept to be shown": f"{limits.text >> 20} MiB of text",
        "values of one field of one event": f"{MAX_VALUES}",
        "bytes of the state, beside the source events": f"{limits.state:,}",
        "rules of one correlation": f"{MAX_RULES}",
    }
    assert told == expected


def test_what_an_alert_shows_and_how_long_it_waits_is_as_it_says() -> None:
    text = " ".join(PAGE.text.split())
    assert f"`ancestors` the last {ANCESTORS} events and `source_events` the last {SHOWN} " in text
    assert f"at least {LATENESS.total_seconds() // 60:.0f} minutes" in text
