"""Who this instance is to the others, and which of those on this machine are certainly gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from engine.lease import Member

PROC = Path("/proc")


def name() -> str:
    """Host, process and something random: no two instances ever have the same."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def member(ttl: float, units: Sequence[str]) -> Member:
    """This process as the others see it; `ttl` in seconds."""
    pid = os.getpid()
    found = Member(ttl, units=tuple(units), machine=machine(), pid=pid)
    state = _state(pid)
    return replace(found, born=state[1]) if state else found


def machine() -> str:
    """One name for all processes that can see each other's ids; empty where that is not known.

    It is the same after neither a reboot nor a move into another container.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text()
        space = (PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    text = f"{socket.gethostname()}\0{boot}\0{space}"
    return sha256(text.encode()).hexdigest()[:16]


def gone(other: Member) -> bool:
    """Whether a process of this machine has ended for certain.

    Nothing depends on it but how soon its work is taken over: what it may still write is refused
    by its token in any case.
    """
    if not other.machine or not other.pid or other.machine != machine():
        return False
    try:
        os.kill(other.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it is there, and of another user
    # a killed process stays a zombie until its parent looks; its id may be another's by now
    state = _state(other.pid)
    return bool(state and (state[0] in "ZX" or (other.born and state[1] != other.born)))


def _state(pid: int) -> tuple[str, int] | None:
    """A process's state and when it began, in the kernel's ticks; None where there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return (fields[0], int(fields[19])) if len(fields) > 19 else None
