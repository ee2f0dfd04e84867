"""Builds what is written in C with the package, where there is a C compiler.

Without one, without Python's headers, or with `VEDETTE_NATIVE=0` in the environment, the package
is installed all the same, and does without (`engine/match/native.py`, `models/template/native.py`,
`connectors/files/split.py`). It keeps to Python's stable interface: what was built with 3.11 works
with later ones.
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

SOURCES = (
    "connectors/files/splitter.c",
    "engine/match/reader.c",
    "engine/match/finder.c",
    "engine/match/numbering.c",
    "models/template/masker.c",
)


class NativeHook(BuildHookInterface):
    """Adds what it built to a wheel, or puts it beside its source for an editable install."""

    _folder = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it, and say what the wheel is for."""
        root = Path(self.root)
        if self.target_name != "wheel" or os.environ.get("VEDETTE_NATIVE") == "0":
            return
        self._folder = tempfile.mkdtemp()
        built = {each: Path(self._folder) / f"{Path(each).stem}.so" for each in SOURCES}
        reasons = (build(root / source, path) for source, path in built.items())
        reason = next(filter(None, reasons), "")  # all of it or none
        for source, path in built.items():
            name = f"{source.removesuffix('.c')}.abi3.so"
            if version == "editable":  # beside its source; what an older one gave is of no use
                (root / name).unlink(missing_ok=True)
                if not reason:
                    shutil.copy(path, root / name)
            elif not reason:
                build_data["force_include"][str(path)] = name
        if reason:
            self.app.display_warning(f"without what is written in C: {reason}")
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{tag()}"

    def finalize(self, *_: object) -> None:
        """Remove what is in the wheel now."""
        if self._folder:
            shutil.rmtree(self._folder)


def build(source: Path, built: Path) -> str:
    """Compile a source; gives the reason where that cannot be."""
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
