"""Which instances are certainly gone, and which only may be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from engine.lease import Member
from vedette import instance

pytestmark = pytest.mark.skipif(not instance.machine(), reason="processes cannot be looked at here")


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def seen(process: subprocess.Popen[bytes]) -> Member:
    state = instance._state(process.pid)
    assert state
    return replace(instance.member(15, ["u"]), pid=process.pid, born=state[1])


def test_no_two_names_are_the_same() -> None:
    assert instance.name() != instance.name()
    assert str(os.getpid()) in instance.name()


def test_this_process_is_not_gone() -> None:
    assert not instance.gone(instance.member(15, []))


def test_a_killed_process_is_gone_at_once_and_a_stopped_one_is_not() -> None:
    with sleeper() as process:
        member = seen(process)
        assert not instance.gone(member)
        process.send_signal(signal.SIGSTOP)
        assert not instance.gone(member)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert instance.gone(member)  # its parent has not looked yet
    assert instance.gone(member)


def test_another_process_under_the_same_number_is_not_taken_for_it() -> None:
    with sleeper() as process:
        member = seen(process)
        assert instance.gone(replace(member, born=member.born - 1))
        process.kill()


@pytest.mark.parametrize("change", [{"machine": ""}, {"machine": "another"}, {"pid": 0}])
def test_of_what_cannot_be_seen_from_here_nothing_is_said(change: dict[str, object]) -> None:
    with sleeper() as process:
        member = seen(process)
        process.kill()
    assert not instance.gone(replace(member, **change))  # type: ignore[arg-type]
