"""By what rules were compiled: with anything else, the outcome may be another."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

DISTRIBUTIONS = (
    "pysigma", "pysigma-pipeline-sysmon", "pysigma-pipeline-windows", "pyyaml", "google-re2",
    "regex", "orjson",
)  # fmt: skip
"""What shapes a compiled rule, besides this package."""

ENGINE = Path(__file__).resolve().parent.parent


def made_by(pipelines: Sequence[bytes]) -> str:
    """A hash of Python's version, those of `DISTRIBUTIONS`, our code and the user's pipelines."""
    whole = hashlib.sha256()
    for part in _parts(pipelines):
        whole.update(b"%d:" % len(part) + part)
    return whole.hexdigest()


def _parts(pipelines: Sequence[bytes]) -> list[bytes]:
    """Everything that counts, in a fixed order."""
    parts = [sys.version.encode()]
    parts += [f"{name} {version(name)}".encode() for name in DISTRIBUTIONS]
    for file in sorted(ENGINE.rglob("*.py")):
        parts += [file.relative_to(ENGINE).as_posix().encode(), file.read_bytes()]
    return [*parts, *pipelines]
