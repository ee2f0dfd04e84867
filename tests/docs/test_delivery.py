"""The figures in docs/delivery.md are those of the code."""

from __future__ import annotations

import re
from datetime import timedelta
from inspect import signature

import pytest

from connectors.files.roster import FORGET, MOST_GONE
from connectors.files.watch import QUIET
from connectors.search import SearchSource
from connectors.search.memory import BUCKETS, FAR
from connectors.search.names import ACTIONS, ALERTS, DEAD_LETTER, INCIDENTS, LEDGER, STATE
from connectors.search.overlap import PLAIN
from connectors.search.port import TRANSIENT
from connectors.search.retry import Retry
from connectors.search.seen import BINS, PARTS
from connectors.search.sketch import CELLS, FEW, MOST
from connectors.sqlite.actions import TABLE as ACTIONS_TABLE
from connectors.sqlite.incidents import TABLES as INCIDENT_TABLES
from connectors.sqlite.schema import ADDED, TABLES
from engine.fill import ATTEMPTS, EFFORT
from engine.ledger import RECORDED
from tests.conftest import ROOT
from tests.docs.pages import page, rows
from vedette import settings
from vedette.follow import FAILURES_UNTIL_IDLE, LONGEST_BACK_OFF
from vedette.hunting import SKIPPED
from vedette.wiring import LATENESS

PAGE = page("docs/delivery.md")
TEXT = " ".join(PAGE.text.split())
NUMBERS = {2: "two", 5: "five", 7: "seven", 8: "eight", 10: "ten"}
NOTED = re.compile(r'self\.(?:note|tell_once)\(\s*"([a-z-]+)"|(?:Told|Note)\("([a-z-]+)"')


def default(name: str) -> timedelta:
    found: timedelta = settings.SearchSource.model_fields[name].default
    return found


@pytest.mark.parametrize(
    "said",
    [
        f"overlap ({default('overlap') // timedelta(minutes=1)}m)",
        f"refresh_lag ({default('refresh_lag') // timedelta(seconds=1)}s)",
        f"newest {signature(SearchSource).parameters['max_seen'].default:,} events in the overlap",
        f"Up to {PLAIN:,} events in the overlap are read again",
        f"in each of {PARTS * BINS} bins of the overlap",
        f"not changed for {NUMBERS[int(QUIET)]} seconds",
        f"at most the latest {MOST_GONE:,}",
        f"repeated up to {NUMBERS[Retry().limit]} times, after {Retry().first} s",
        f"and so on to {Retry().longest:.0f} s",
        f"doubles with each failure up to {NUMBERS[LONGEST_BACK_OFF // timedelta(minutes=1)]} min",
        f"Every `sweep` ({default('sweep') // timedelta(minutes=1)}m; `off`)",
        f"`max_lateness` ({default('max_lateness') // timedelta(hours=1)}h)",
        f"at most {BUCKETS} buckets",
        f"up to {FEW} ids as they are, else an invertible Bloom lookup table of {CELLS} cells",
        f"({MOST:,} in one of {FEW} events)",
        f"for {NUMBERS[FAR]} times as long again",
        f"evaluates up to {NUMBERS[EFFORT]} pages",
        f"abandoned after {NUMBERS[ATTEMPTS]} failures",
        f"any source, and at least {LATENESS // timedelta(minutes=1)} minutes",
    ],
)
def test_a_figure_is_the_codes_own(said: str) -> None:
    assert said in TEXT


def test_a_file_that_is_gone_is_remembered_for_the_day_that_the_page_says() -> None:
    assert timedelta(seconds=FORGET) == timedelta(days=1)
    assert "remembered for a day" in TEXT


def test_the_statuses_that_are_tried_again_are_named() -> None:
    named = ", ".join(map(str, sorted(TRANSIENT - {0})))
    assert named.replace(", 504", " or 504") in TEXT


def test_the_names_of_indices_and_tables_are_the_codes_own() -> None:
    cluster, sqlite = rows(PAGE.section("Where state lies"))
    prefixes = (ALERTS, STATE, DEAD_LETTER, LEDGER, ACTIONS, INCIDENTS)
    for prefix, cell in zip(prefixes, cluster[1:], strict=True):
        assert f"`{prefix}NAMESPACE`" in cell
    created = [*TABLES, *(statement for added in ADDED.values() for statement in added)]
    for table in ("alerts", "checkpoints", "occurrences", "dead_letters", "ledger"):
        assert any(statement.startswith(f"CREATE TABLE {table} ") for statement in created)
        assert f"`{table}`" in " ".join(sqlite)
    assert ACTIONS_TABLE.startswith("CREATE TABLE IF NOT EXISTS actions ")
    assert "`actions`" in sqlite[-2]
    for table in re.findall(r"`(\w+)`", sqlite[-1]):
        assert any(f"EXISTS {table} (" in statement for statement in INCIDENT_TABLES)


def test_every_kind_of_note_is_explained() -> None:
    kinds = {*RECORDED, SKIPPED}
    for folder in ("engine", "connectors", "vedette"):
        for file in (ROOT / folder).rglob("*.py"):
            found = NOTED.findall(file.read_text("utf-8"))
            kinds |= {one or other for one, other in found}
    explained = {
        kind
        for row in rows(PAGE.section("The ledger"))
        for kind in re.findall("`([a-z-]+)`", row[0])
    }
    assert kinds == explained


def test_every_kind_that_is_recorded_is_one_that_is_reported() -> None:
    files = [f for name in ("engine", "connectors", "vedette") for f in (ROOT / name).rglob("*.py")]
    code = "".join(f.read_text("utf-8") for f in files if f.name != "ledger.py")
    assert [kind for kind in sorted(RECORDED) if f'"{kind}"' not in code] == []


def test_the_number_of_failures_until_idle_is_the_one_in_the_commands_page() -> None:
    assert f"fails {NUMBERS[FAILURES_UNTIL_IDLE]} times in a row" in page("docs/commands.md").text
