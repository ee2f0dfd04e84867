"""Rule files to rules: every rule that cannot be used is named, the rest go on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.library import Library
from engine.rule import RuleSet, Selection

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline


def load_rules(
    paths: Sequence[Path],
    *,
    select: Selection | None = None,
    pipelines: Sequence[ProcessingPipeline] = (),
) -> RuleSet:
    """Load every rule under the paths (files, or folders searched for `.yml` and `.yaml`).

    Filters apply to all rules loaded with them. A rule that cannot be loaded is put into
    `refused` with file, line and reason. Raises `InputError` for a path that does not exist.
    """
    return Library(paths, lambda: pipelines).load(select)
