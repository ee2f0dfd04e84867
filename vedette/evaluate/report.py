"""The page and the pictures of an evaluation, in the style of the hunt's report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import InputError
from vedette import __version__
from vedette.evaluate.curves import pictures
from vedette.evaluate.run import Result, is_fused
from vedette.evaluate.table import HEADINGS, LEGEND, cells, ordered, recalls
from vedette.report.page import assets

PAGE = "evaluation.html"


def write(results: Sequence[Result], folder: Path, quick: bool) -> Path:
    """Write the page and the pictures into `folder`, made if need be; the page's path."""
    shown = [_section(result, pictures(result)) for result in results]
    page = _template().render(
        **assets(),
        sets=shown,
        headings=HEADINGS,
        legend=LEGEND,
        quick=quick,
        generated=datetime.now(UTC),
        version=__version__,
    )
    files = {name: data for section in shown for name, data in section["files"].items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in {**files, PAGE: page.encode()}.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        message = f"cannot write the report: {error.strerror or error}"
        raise InputError(message, file=str(folder)) from error
    return folder / PAGE


def _section(result: Result, files: dict[str, bytes]) -> dict[str, Any]:
    part = result.part
    return {
        "name": result.name,
        "normals": int((~part.labels).sum()),
        "attacks": int(part.labels.sum()),
        "rows": [
            {
                "cells": cells(row),
                "fused": is_fused(row.detector),
                "state": row.calibration,
            }
            for row in ordered(result.rows)
        ],
        "recalls": recalls(result.rows),
        "notes": result.notes,
        "files": files,
        "pictures": {
            name: "data:image/png;base64," + base64.b64encode(data).decode()
            for name, data in files.items()
        },
    }


@cache
def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = lambda number: f"{number:,}"
    return environment.get_template("evaluation.html.j2")
