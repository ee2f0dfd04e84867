"""Builds the native reader of lines with the package, where there is a C compiler.

Without one, without Python's headers, or with `VEDETTE_NATIVE=0` in the environment, the package
is installed all the same, and lines are read in another way (`engine/match/reading.py`). The reader
keeps to Python's stable interface: what was built with 3.11 works with later ones.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

SOURCE = "engine/match/reader.c"
BUILT = "engine/match/reader.abi3.so"


class ReaderHook(BuildHookInterface):
    """Adds the reader to a wheel, or puts it beside its source for an editable install."""

    _folder = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it, and say what the wheel is for."""
        root = Path(self.root)
        if self.target_name != "wheel" or os.environ.get("VEDETTE_NATIVE") == "0":
            return
        self._folder = tempfile.mkdtemp()
        built = Path(self._folder) / "reader.so"
        reason = build(root / SOURCE, built)
        if version == "editable":  # beside its source; what an older one gave is of no use
            (root / BUILT).unlink(missing_ok=True)
            if not reason:
                shutil.copy(built, root / BUILT)
        elif not reason:
            build_data["force_include"][str(built)] = BUILT
        if reason:
            self.app.display_warning(f"without the native reader of lines: {reason}")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{tag()}"

    def finalize(self, *_: object) -> None:
        """Remove what is in the wheel now."""
        if self._folder:
            shutil.rmtree(self._folder)


def build(source: Path, built: Path) -> str:
    """Compile the reader; gives the reason where that cannot be."""
    linker = sysconfig.get_config_var("LDSHARED")
    if not linker or platform.python_implementation() != "CPython":
        return "no compiler is known for this Python"
    headers = sysconfig.get_path("include")
    command = [*shlex.split(linker), "-O3", "-fPIC", f"-I{headers}", str(source), "-o", str(built)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or [f"{command[0]} ended with {done.returncode}"]
    return lines[0] if done.returncode else ""


def tag() -> str:
    """The platform that a wheel built here is for."""
    if sys.platform == "darwin":
        return next(iter(platform_tags()))
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
