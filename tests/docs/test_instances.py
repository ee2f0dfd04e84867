"""The figures in docs/instances.md are those of the code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.search.entry import MAX_BULK_ALERTS, MAX_BULK_BYTES
from connectors.search.leases import ID
from connectors.search.names import LEASES
from connectors.search.pace import AIM, FIRST
from connectors.sqlite.schema import ADDED
from engine.lease import BEATS
from tests.docs.pages import page
from vedette.follow import LONGEST_BACK_OFF
from vedette.settings import MAIN, Instances
from vedette.supervisor import FIRST_PAUSE, LEASELESS

TEXT = " ".join(page("docs/instances.md").text.split())
TTL = Instances().ttl // timedelta(seconds=1)


@pytest.mark.parametrize(
    "said",
    [
        f"all sources are one pipeline, `{MAIN}`",
        f"every third of `instances.ttl` ({TTL} s, so every {TTL // BEATS} s)",
        f"{TTL * (BEATS - 1) // BEATS} to {TTL * (BEATS + 2) // BEATS} s after a death",
        f"in the index `{LEASES}NAMESPACE`, one document, `{ID}`",
        f"asks for {FIRST} events first",
        f"believed to fit into {AIM >> 20} MiB",
        f"at most {MAX_BULK_ALERTS} alerts and {MAX_BULK_BYTES >> 20} MiB",
        {120.0: "cannot be had for two minutes"}[LEASELESS],
        {1.0: "a pause that doubles from one second"}[FIRST_PAUSE],
        {5: "to five minutes"}[LONGEST_BACK_OFF // timedelta(minutes=1)],
    ],
)
def test_a_figure_is_the_codes_own(said: str) -> None:
    assert said in TEXT


def test_a_third_and_two_thirds_are_what_the_page_says() -> None:
    assert BEATS == 3
    assert "from two thirds of the `ttl` to five thirds" in TEXT


def test_the_table_is_there() -> None:
    assert any("CREATE TABLE leases " in line for lines in ADDED.values() for line in lines)
