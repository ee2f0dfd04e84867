"""Units of work in threads: none delays another, none is silently gone, leases are obeyed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.errors import LeaseError, StateError
from engine.lease import Board, Lease, Member, Tenant
from engine.ports import Batch, Record
from engine.run import MemoryLeases
from tests.vedette.test_follow import pipeline
from vedette import supervisor
from vedette.feeds import Feed
from vedette.follow import Rounds
from vedette.keeper import Keeper
from vedette.stop import Stop
from vedette.supervisor import Worker, supervise
from vedette.unit import Unit

PATIENCE = 30.0
"""Seconds after which something that must happen counts as not happening."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "REMINDER", 0.05)


def now() -> datetime:
    return datetime.now(UTC)


def until(held: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not held():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.005)


class Steps:
    """A unit that counts what is done with it; `does` is what a step does."""

    def __init__(self, name: str, does: Callable[[], None] = lambda: None, last: int = 1 << 30):
        self.name, self.does, self.last = name, does, last
        self.tokens: list[int] = []
        self.ran = self.dropped = 0
        self.owned = False
        self.title = name

    def take_up(self, token: int) -> None:
        self.tokens.append(token)
        self.owned = True

    def due(self) -> datetime | None:
        return None if self.ran >= self.last else now() + timedelta(milliseconds=2)

    def run(self, stop: Callable[[], bool]) -> None:
        assert self.owned
        self.ran += 1
        self.does()

    def drop(self) -> None:
        self.owned = False
        self.dropped += 1


def keeper(*units: str, leases: MemoryLeases | None = None, ttl: float = 60.0) -> Keeper:
    tenant = Tenant("me", Member(ttl, units=units), clock=time.monotonic)
    return Keeper(tenant, leases or MemoryLeases())


class Elsewhere(MemoryLeases):
    """The other one lives: its beat grows with every look."""

    def replace(self, board: Board, seen: object) -> bool:
        beat = board.members["other"].beat + 1 if "other" in board.members else 1
        other = Member(9.0, beat, ("u",))
        members = {**board.members, "other": other}
        self._board = Board(members, {**board.leases, "u": Lease("other", 1)})
        return True


class Run:
    """`supervise` in a thread, as a run's main thread does it."""

    def __init__(
        self,
        *units: Unit,
        leases: MemoryLeases | None = None,
        idle: bool = False,
        ttl: float = 60.0,
    ):
        self.stop = Stop()
        self.workers: list[Worker] = []
        keeps = keeper(*(unit.name for unit in units), leases=leases, ttl=ttl)

        def work() -> None:
            self.workers = supervise(
                units, keeps, self.stop, now, until_idle=idle, wake=self.stop.wake
            )

        self.thread = threading.Thread(target=work)
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.join()

    def join(self) -> None:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """Set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_unit_that_hangs_delays_no_other(hanging: threading.Event) -> None:
    stuck, well = Steps("stuck", lambda: bool(hanging.wait()) and None), Steps("well")
    run = Run(stuck, well)
    until(lambda: stuck.ran == 1)
    already = well.ran
    until(lambda: well.ran > already + 20)
    assert stuck.ran == 1
    hanging.set()
    run.end()


def test_a_source_that_hangs_holds_up_its_own_pipeline_alone(hanging: threading.Event) -> None:
    class Source:
        def __init__(self, name: str) -> None:
            self.name, self.polls = name, 0

        def poll(self, checkpoint: object) -> Iterator[Batch]:
            self.polls += 1
            if self.name == "stuck":
                hanging.wait()
            yield Batch([Record({"n": self.polls}, self.name)], {"poll": self.polls})

        def close(self) -> None:
            pass

    stuck, beside, well = Source("stuck"), Source("beside"), Source("well")
    often = timedelta(milliseconds=1)
    together = [Feed(source, often, None) for source in (stuck, beside)]
    run = Run(
        Rounds("pipeline one", together, pipeline(now), now),
        Rounds("pipeline other", [Feed(well, often, None)], pipeline(now), now),
    )
    until(lambda: stuck.polls == 1)
    already = well.polls
    until(lambda: well.polls > already + 20)
    assert (stuck.polls, beside.polls) == (1, 0)
    hanging.set()
    until(lambda: beside.polls > 1)
    run.end()


def test_a_stop_ends_all_after_the_step_at_hand_and_leaves_the_board(
    hanging: threading.Event,
) -> None:
    leases = MemoryLeases()
    slow, quick = Steps("slow", lambda: bool(hanging.wait()) and None), Steps("quick")
    run = Run(slow, quick, leases=leases)
    until(lambda: slow.ran == 1 and quick.ran > 0)
    run.stop.set()
    until(lambda: not quick.owned)
    until(lambda: leases.all().leases["quick"].owner is None)  # others need not wait for slow
    assert leases.all().leases["slow"].owner == "me"
    hanging.set()
    run.join()
    assert (slow.ran, slow.dropped) == (1, 1)
    assert leases.all().members == {}
    assert {lease.owner for lease in leases.all().leases.values()} == {None}


def test_an_error_that_nobody_foresaw_is_told_counted_and_the_unit_taken_up_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [ZeroDivisionError("one"), StateError("two"), KeyError("three")]

    def does() -> None:
        if errors:
            raise errors.pop(0)

    unit = Steps("odd", does)
    run = Run(unit)
    until(lambda: unit.ran > 5)
    run.end()
    (worker,) = run.workers
    assert worker.failures == 3
    assert (len(unit.tokens), unit.dropped) == (4, 4)
    assert "odd: an error that nobody foresaw" in caplog.text
    assert "ZeroDivisionError: one" in caplog.text
    assert "odd: two (failure 2 in a row" in caplog.text


def test_until_idle_ends_when_no_unit_has_anything_left() -> None:
    one, other = Steps("one", last=3), Steps("other", last=5)
    run = Run(one, other, idle=True)
    run.join()
    assert (one.ran, other.ran) == (3, 5)
    assert [worker.given_up for worker in run.workers] == [None, None]


def test_until_idle_gives_a_unit_up_that_fails_again_and_again() -> None:
    def does() -> None:
        raise ZeroDivisionError("always")

    run = Run(Steps("broken", does), Steps("well", last=2), idle=True)
    run.join()
    assert [worker.given_up for worker in run.workers] == ["ZeroDivisionError: always", None]


def test_a_lost_lease_stops_the_unit_at_its_border_and_it_is_got_again() -> None:
    leases = MemoryLeases()
    unit = Steps("u")
    run = Run(unit, leases=leases, ttl=1.0)
    until(lambda: unit.ran > 3)
    taken = Lease("other", 7)
    leases.replace(
        Board({**leases.all().members, "other": Member(0.3, 1, ("u",))}, {"u": taken}),
        leases.read(),
    )
    until(lambda: not unit.owned)
    until(lambda: 8 in unit.tokens)  # the other one shows no sign of life
    run.end()
    assert set(unit.tokens) == {1, 8}


def test_a_unit_that_finds_its_state_taken_drops_it_and_asks_for_a_greater_token() -> None:
    class Fenced(Steps):
        def take_up(self, token: int) -> None:
            if token <= 40:
                raise LeaseError("owned", found=40)
            super().take_up(token)

    unit = Fenced("u")
    run = Run(unit)
    until(lambda: unit.ran > 1)
    run.end()
    assert unit.tokens == [41]


def test_what_another_instance_has_and_keeps_is_given_up_with_until_idle() -> None:
    unit = Steps("u")
    leases = Elsewhere()
    leases.replace(Board(), leases.read())
    run = Run(unit, leases=leases, idle=True, ttl=0.6)
    run.join()
    assert unit.ran == 0
    assert run.workers[0].given_up == "belongs to other"


def test_it_is_told_whose_a_unit_is_also_where_nobody_had_it_at_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unreachable(Elsewhere):
        """Whose it is cannot be seen at first."""

        answers = True

        def read(self) -> Any:
            if not self.answers:
                raise StateError("no answer")
            return super().read()

    caplog.set_level(logging.INFO)
    leases = Unreachable()
    leases.replace(Board(), leases.read())
    leases.answers = False
    run = Run(Steps("u"), leases=leases, ttl=0.2)
    try:
        until(lambda: "no answer" in caplog.text)
        time.sleep(0.05)  # the unit has waited for its lease several times by now
        assert "belongs to" not in caplog.text
        leases.answers = True
        until(lambda: "u: belongs to other" in caplog.text)
        time.sleep(0.1)
    finally:
        run.end()
    assert caplog.text.count("belongs to") == 1


def test_leases_that_cannot_be_kept_are_told_once_and_work_goes_on_for_the_time_to_live(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Away(MemoryLeases):
        away = False

        def read(self):  # type: ignore[no-untyped-def]
            if self.away:
                raise StateError("no answer")
            return super().read()

    leases, unit = Away(), Steps("u")
    caplog.set_level(logging.INFO)
    run = Run(unit, leases=leases, ttl=0.6)
    until(lambda: unit.ran > 0)
    leases.away = True
    until(lambda: not unit.owned)
    assert caplog.text.count("leases cannot be kept: no answer") == 1
    leases.away = False
    until(lambda: unit.owned)
    assert "leases: kept again" in caplog.text
    run.end()
    assert set(unit.tokens) == {1}


def test_an_error_that_nobody_foresaw_ends_no_keeper(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(MemoryLeases):
        odd = 2

        def read(self):  # type: ignore[no-untyped-def]
            if self.odd:
                self.odd -= 1
                raise ZeroDivisionError
            return super().read()

    unit = Steps("u")
    run = Run(unit, leases=Odd(), ttl=1.0)
    until(lambda: unit.ran > 0)
    run.end()
    assert "leases: an error that nobody foresaw" in caplog.text


class Coming:
    """Units that come and go; `wanted` is what the next look finds."""

    def __init__(self, *units: Unit) -> None:
        self.interval: float | None = 0.01
        self.units: tuple[Unit, ...] = units
        self.wanted = units

    def look(self) -> None:
        self.units = self.wanted


def test_units_come_and_go_while_others_work() -> None:
    first, second, always = Steps("first"), Steps("second"), Steps("always")
    coming, stop, found = Coming(first), Stop(), []
    keeps = keeper()
    thread = threading.Thread(
        target=lambda: found.extend(supervise([always], keeps, stop, now, changing=coming))
    )
    thread.start()
    until(lambda: first.ran > 0)
    coming.wanted = (first, second)
    until(lambda: second.ran > 0)
    coming.wanted = (second,)
    until(lambda: not first.owned)
    ran = second.ran, always.ran
    until(lambda: second.ran > ran[0] and always.ran > ran[1])
    until(lambda: keeps.token("first") is None)
    again = Steps("first")  # its file is back
    coming.wanted = (second, again)
    until(lambda: again.ran > 0)
    assert again.tokens[0] > first.tokens[0]
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert {worker.unit.name for worker in found} == {"always", "first", "second"}


def test_a_unit_that_is_back_waits_for_the_end_of_the_one_before(hanging: threading.Event) -> None:
    stuck, again = Steps("one", lambda: bool(hanging.wait()) and None), Steps("one")
    coming, stop = Coming(stuck), Stop()
    thread = threading.Thread(target=supervise, args=([], keeper(), stop, now),
                              kwargs={"changing": coming})  # fmt: skip
    thread.start()
    until(lambda: stuck.ran == 1)
    coming.wanted = (again,)
    time.sleep(0.1)
    assert again.ran == 0
    hanging.set()
    until(lambda: again.ran > 0)
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_run_without_any_unit_yet_waits_for_the_first() -> None:
    one, coming, stop = Steps("one"), Coming(), Stop()
    thread = threading.Thread(target=supervise, args=([], keeper(), stop, now),
                              kwargs={"changing": coming})  # fmt: skip
    thread.start()
    time.sleep(0.05)
    coming.wanted = (one,)
    until(lambda: one.ran > 0)
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
