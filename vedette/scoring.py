"""Models of a run: from settings to what scores a pipeline's events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.alert import AlertMaker
from engine.correlate.keep import newest
from engine.errors import InputError, Problem, Report, SettingsError
from engine.ports import StateStore
from engine.score.keep import KEY
from vedette import settings as config

if TYPE_CHECKING:
    from engine.score.ensemble import Ensemble
    from engine.score.threshold import Moved
    from vedette.lazy_mapper import LazyMapper


def scorer(
    settings: config.Settings,
    pipeline: config.Pipeline,
    maker: AlertMaker,
    report: Report,
    late: timedelta,
    moved: Moved | None = None,
    mapper: LazyMapper | None = None,
) -> Ensemble | None:
    """What scores the events of a pipeline; None where no model is configured.

    Each pipeline has models of its own, as a pipeline is one thread, and an even share of the
    budget. A model that cannot be loaded is told as a problem, or raises `SettingsError` with
    `models.strict`. `late` is how long the pipeline waits for events out of order anyway, `moved`
    what verdicts make of a threshold; the `mapper` says what an anomaly may be in ATT&CK.
    """
    wanted = settings.models
    if not wanted.names:
        return None
    _see_all(settings, pipeline)
    from engine.score.ensemble import Ensemble  # NumPy is for those alone who have models
    from vedette import bundles, hiding
    from vedette.techniques import Proposals

    told = _refuse if wanted.strict else report
    key = hiding.key_of(wanted)
    models = bundles.models(settings.state.dir, wanted.names, told, key)
    share = wanted.alerts_a_day / len(settings.plan)
    lateness = max(wanted.lateness, late)
    return Ensemble(
        models,
        maker,
        report,
        alerts_a_day=share,
        lateness=lateness,
        moved=moved,
        techniques=Proposals(mapper) if mapper else None,
    )


def _see_all(settings: config.Settings, pipeline: config.Pipeline) -> None:
    """Models score what a pipeline reads; in push-down that is what rules match, and no more."""
    for source in settings.sources:
        pushed = isinstance(source, config.SearchSource) and source.mode == "push-down"
        if pushed and source.name in pipeline.sources:
            raise SettingsError(
                f"source {source.name!r} gives only what rules match, and models must see all",
                field="models.names",
                expected="sources with mode: in-process",
            )


def _refuse(problem: Problem) -> None:
    raise SettingsError(problem.message, field="models.names", file=problem.file)


def reads(settings: config.Settings) -> frozenset[str]:
    """The fields that models look at, where there are any."""
    if not settings.models.names:
        return frozenset()
    from engine.score.observe import READ, named
    from engine.score.signals import fields
    from models.bundle import keep
    from models.bundle.plan import Plan
    from models.errors import ModelError
    from vedette import bundles

    found = READ
    for name in settings.models.names:
        try:
            plan = Plan.of(keep.read(bundles.found_at(settings.state.dir, name))["plan"])
        except (InputError, ModelError):
            continue  # whoever loads it says so
        if plan.by:
            found |= {*named(plan.by)}
        if plan.signals:
            found |= fields(plan.signals)
    return found


def standing(settings: config.Settings, state: StateStore) -> list[str]:
    """How the configured models stand by the state of each pipeline, in words.

    Raises `StateError`.
    """
    found = []
    for plan in settings.plan if settings.models.names else ():
        kept = newest((state.load(name) for name in plan.sources), KEY)
        known = kept[1]["models"] if kept else {}
        for name in settings.models.names:
            where = f"{name} (pipeline {plan.name})"
            found.append(f"{where}: {_standing(settings, name, known.get(name))}")
    return found


def _standing(settings: config.Settings, name: str, known: Mapping[str, Any] | None) -> str:
    from vedette import bundles

    try:
        bundles.found_at(settings.state.dir, name)
    except InputError as error:
        return f"missing: {error.message}"
    if known is None:
        return "has scored nothing yet, or failed"
    counts = known["counts"]
    a_day = counts["strange"] / max(counts["days"], 1)
    share = settings.models.alerts_a_day / len(settings.plan) / len(settings.models.names)
    return (
        f"{counts['windows']:,} windows scored, {counts['strange']:,} strange without rules "
        f"({a_day:.3g} a day, budget {share:g}), {counts['held']:,} of these held back, "
        f"{counts['corroborated']:,} unusual with rules, {counts['late']:,} events late"
    )
