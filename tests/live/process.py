"""`vedette` in processes of its own, which may be killed, stopped and woken.

They are forked from a server process that has imported the program already: to start one takes as
long as to read its configuration, so hundreds can be killed in a few minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PATIENCE = 240.0
"""Seconds after which something that must happen counts as not happening."""

IMPORTED = ("__main__", "vedette.cli.run", "vedette.wiring", "vedette.supervisor", "vedette.logs",
            "connectors.search.elastic", "connectors.search.opensearch")  # fmt: skip
"""What the server has imported before it forks."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(list(IMPORTED))


def until(held: Callable[[], Any], what: str) -> float:
    """Wait for something that must happen; the seconds that it took. Raises AssertionError."""
    began = time.monotonic()
    while not held():
        assert time.monotonic() < began + PATIENCE, f"it does not happen: {what}"
        time.sleep(0.03)
    return time.monotonic() - began


class Running:
    """A command of `vedette` in a process of its own; what it says is added to a file."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._log = log
        self._process = _forking.Process(target=_main, args=([*arguments], str(log)), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    @property
    def log(self) -> str:
        """What it said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9; nothing where it has ended."""
        self._process.kill()
        self._process.join()

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended by itself. Raises AssertionError."""
        self._process.join(seconds)
        code = self._process.exitcode
        assert code is not None, f"it has not ended:\n{self.log[-3000:]}"
        return code

    def end(self) -> None:
        """Ask it to end, and wait. Raises AssertionError where it ends with an error."""
        self.send(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"it ended with {code}:\n{self.log[-3000:]}"


def _main(arguments: list[str], log: str) -> None:
    """What the process does: the program, as from the shell."""
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for name in [name for name in os.environ if name.startswith("VEDETTE_")]:
        del os.environ[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from vedette.cli.main import entry

    sys.argv = ["vedette", *arguments]
    entry(arguments)
