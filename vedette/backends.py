"""The pySigma backends and pipelines that are installed beside us; nothing is ever fetched."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sigma.conversion.base import Backend
from sigma.data import mitre_attack
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import InputError, nearest_name
from mitre.catalog import Catalog
from vedette.rulesets import pipeline as pipeline_file


@cache
def plugins() -> InstalledSigmaPlugins:
    """The backends and pipelines found in this Python's `sigma` namespace; nothing is fetched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two backends of one name; the first is kept
        return InstalledSigmaPlugins.autodiscover(include_validators=False)


def use_own_attack_facts() -> None:
    """Give pySigma the ATT&CK facts that we carry, which it would fetch and pickle otherwise."""
    catalog = Catalog.load()
    release = catalog.release()
    techniques = release.techniques.values()
    facts: dict[str, Any] = {
        "version": str(release.version),
        "tactics": {tactic.id: tactic.shortname for tactic in release.tactics},
        "techniques": {technique.id: technique.name for technique in techniques},
        "techniques_tactics_mapping": {t.id: list(t.tactics) for t in techniques},
        **{key: {} for key in ("intrusion_sets", "software", "datasources", "mitigations")},
    }
    for name, value in facts.items():
        setattr(mitre_attack, f"mitre_attack_{name}", value)


def backend_of(target: str, pipelines: Sequence[str], form: str, *, bare: bool = False) -> Backend:
    """A backend ready to convert into one of its formats.

    `pipelines` are names of installed ones, or files; `bare` leaves the rules' own names of
    fields in the queries where a backend would insist on a pipeline. Raises `InputError` naming
    what there is.
    """
    known = plugins().backends
    made: Any = known.get(target)
    if made is None:
        installed = ", ".join(sorted(known)) or "none"
        raise InputError(
            f"no backend {target!r} is installed (installed: {installed})",
            field="--target",
            expected="the name of a pySigma backend; its package is called pysigma-backend-…",
            nearest=nearest_name(target, known),
        )
    if form not in made.formats:
        raise InputError(
            f"backend {target!r} has no format {form!r}",
            field="--format",
            expected="one of " + ", ".join(sorted(made.formats)),
            nearest=nearest_name(form, made.formats),
        )
    applied = sum((_pipeline(name) for name in pipelines), ProcessingPipeline())
    backend: Backend = made(applied)
    if backend.requires_pipeline and not pipelines and not bare:
        names = ", ".join(sorted(plugins().pipelines)) or "none"
        raise InputError(
            f"backend {target!r} needs a pipeline (installed: {names})",
            field="--pipeline",
            expected="one of them, a file, or --without-pipeline",
        )
    return backend


def _pipeline(name: str) -> ProcessingPipeline:
    known = plugins().pipelines
    if name in known:
        return known[name]()
    if (path := Path(name)).is_file():
        return pipeline_file(path)
    installed = ", ".join(sorted(known)) or "none"
    raise InputError(
        f"no pipeline {name!r} is installed, nor is it a file (installed: {installed})",
        field="--pipeline",
        nearest=nearest_name(name, known),
    )
