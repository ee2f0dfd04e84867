"""A process under measurement: when it wrote what, its CPU seconds, and its peak memory."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Child:
    """A process that writes its output into a file."""

    def __init__(
        self, command: Sequence[str], log: Path, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.log = log
        self.started = time.monotonic()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env=dict(environment),
            )  # fmt: skip
        self.cpu = 0.0
        """CPU seconds, once it has ended."""
        self.peak = 0
        """The most megabytes that were resident, by the last look at it."""
        self._code: int | None = None

    def ended(self) -> int | None:
        """The exit code; None while it runs."""
        if self._code is None:
            self.peak = max(self.peak, resident_at_most(self._process.pid))
            self._collect(os.WNOHANG)
        return self._code

    def stop(self) -> None:
        """End it, if it runs, and take its figures."""
        if self.ended() is None:
            self._process.kill()
            self._collect(0)

    def _collect(self, options: int) -> None:
        done, status, usage = os.wait4(self._process.pid, options)
        if done:
            self._code = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.peak = self.peak or usage.ru_maxrss // 1024

    @property
    def spent(self) -> float:
        """CPU seconds so far, while it runs."""
        status = Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = status.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def text(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")


def resident_at_most(pid: int) -> int:
    """The most megabytes of a process so far; 0 where the system does not say.

    What `wait4` says of a process that another started includes the memory of that other.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    kilobytes = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(kilobytes[1]) // 1024 if kilobytes else 0


def clean_environment() -> dict[str, str]:
    """This environment without Vedette's own variables."""
    return {key: value for key, value in os.environ.items() if not key.startswith("VEDETTE_")}
