"""The quick faults in small doses: nothing lost, nothing twice, all of it told."""

from __future__ import annotations

import pytest

from tests.live.fixtures import Nodes
from tests.reliability.registry import Fault, found
from tests.reliability.stage import play

pytestmark = pytest.mark.live

SLOWER = ("busy-bursts", "clock-steps", "kill-9", "late-events")
"""Played on one kind of server here, and on both by `make long`."""

QUICK = [
    pytest.param(fault, kind, dose, id=f"{fault.name}-{dose}-{kind}")
    for fault in found().values()
    if fault.quick
    for kind in (fault.servers[:1] if fault.name in SLOWER else fault.servers)
    for dose in fault.small
]


@pytest.mark.parametrize(("fault", "kind", "dose"), QUICK)
def test_nothing_is_lost_nor_twice(fault: Fault, kind: str, dose: int, live_nodes: Nodes) -> None:
    row = play(fault, kind, [live_nodes.url(kind)], dose)
    assert not row.wrong
    assert row.stored == row.expected > 0
