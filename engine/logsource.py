"""Which events a rule is for: its log source, turned into conditions by pySigma pipelines.

A rule may have several bindings, each a way in which events of its log source reach us: Windows
categories as Sysmon events or as Security audit events, and any log source through the labels
that `engine.kinds` writes. A rule matches when any of its bindings does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cache, partial
from typing import Any, TypeVar

from sigma.conditions import SigmaCondition
from sigma.exceptions import SigmaError
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping
from sigma.pipelines.windows.windows import windows_audit_pipeline, windows_logsource_pipeline
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import (
    AddConditionTransformation,
    ChangeLogsourceTransformation,
)
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import SigmaExpansion

from engine.binding import Binding
from engine.kinds import LogSource
from engine.match.expression import And, Expression, Or
from engine.match.translate import UntranslatableError, translate

T = TypeVar("T", SigmaDetectionItem, SigmaCondition)

_RENAMES = "windows-audit"
LABELS = "labels"
"""The one way that also renames fields."""

PROBE = "vedette.probe"
"""The field of the probe rule that shows which conditions a pipeline adds."""


def bind(rule: SigmaRule, pipelines: Sequence[ProcessingPipeline] = ()) -> tuple[Binding, ...]:
    """A rule's bindings, after the user's own pipelines.

    Raises `SigmaError` or `UntranslatableError` when the rule means nothing here. A way whose
    pipeline refuses the rule (audit events lack a field it needs) is left out; the way by
    labels always remains.
    """
    for pipeline in pipelines:
        pipeline.apply(rule)
    source = LogSource(rule.logsource.product, rule.logsource.service, rule.logsource.category)
    ways = _ways(source)
    # copied while its conditions are not parsed yet, or these would be copied too
    spare = _copied(rule) if any(name == _RENAMES for name, _ in ways) else rule
    plain = _expression(rule)
    bindings: list[Binding] = []
    for name, pipeline in ways:
        route = _route(name, source)
        if name == _RENAMES:
            try:
                pipeline.apply(spare)
                body = _without(_expression(spare), route)
            except SigmaError:
                continue
        else:
            body = plain
        bindings.append(Binding(name, route, body))
    return tuple(bindings)


def _copied(rule: SigmaRule) -> SigmaRule:
    """A copy that may be given to a pipeline, with the very values: no pipeline changes those."""
    copied = copy(rule)
    copied.detection = detections = copy(rule.detection)
    detections.detections = {name: _part(part) for name, part in detections.detections.items()}
    detections.condition = list(detections.condition)
    detections.parsed_condition = [_tracked(each) for each in detections.parsed_condition]
    for condition in detections.parsed_condition:
        condition.detections = detections
    copied.fields = list(rule.fields)
    copied.custom_attributes = dict(rule.custom_attributes)
    copied.applied_processing_items = set(rule.applied_processing_items)
    return copied


def _part(part: SigmaDetection) -> SigmaDetection:
    """The same part of a detection section, whose lists are others; `deepcopy` takes ten times as
    long. Parsing its condition says anew what stands in what."""
    copied = copy(part)
    copied.detection_items = [
        _part(each) if isinstance(each, SigmaDetection) else _item(each)
        for each in part.detection_items
    ]
    return copied


def _item(item: SigmaDetectionItem) -> SigmaDetectionItem:
    copied = _tracked(item)
    copied.modifiers = list(item.modifiers)
    copied.value = [copy(v) if isinstance(v, SigmaExpansion) else v for v in item.value]
    if copied.original_value is not None:
        copied.original_value = list(copied.original_value)
    return copied


def _tracked(part: T) -> T:
    copied = copy(part)
    copied.applied_processing_items = set(part.applied_processing_items)
    return copied


def _without(body: Expression, route: Expression) -> Expression:
    """A body without what its route says already, which would be evidence of nothing."""
    if not isinstance(body, And) or not isinstance(route, And):
        return body
    kept = tuple(item for item in _flat(body.items) if item not in route.items)
    return kept[0] if len(kept) == 1 else And(kept)


def _expression(rule: SigmaRule) -> Expression:
    """A rule's conditions as one expression; several conditions are alternatives."""
    parts = []
    for condition in rule.detection.parsed_condition:
        parsed = condition.parsed
        if parsed is None:
            raise UntranslatableError(f"condition {condition.condition!r} is empty")
        parts.append(translate(parsed))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


@cache
def _route(name: str, source: LogSource) -> Expression:
    """What a pipeline demands of every event of a log source, read off a probe rule."""
    probe = SigmaRule.from_dict(
        {
            "title": "Probe",
            "logsource": {
                key: value
                for key in ("product", "service", "category")
                if (value := getattr(source, key))
            },
            "detection": {"probe": {PROBE: 1}, "condition": "probe"},
        }
    )
    dict(_ways(source))[name].apply(probe)
    expression = _expression(probe)
    items = expression.items if isinstance(expression, And) else (expression,)
    return And(tuple(item for item in _flat(items) if PROBE not in str(item)))


def _flat(items: tuple[Expression, ...]) -> list[Expression]:
    """The conjuncts of nested conjunctions (each pipeline item wraps the condition once more)."""
    found: list[Expression] = []
    for item in items:
        found.extend(_flat(item.items) if isinstance(item, And) else [item])
    return found


_AUDITED = ("process_creation", "registry_event", "registry_set", "registry_add")
_CHANNELLED = ("ps_module", "ps_script", "ps_classic_start", "ps_classic_provider_start",
               "ps_classic_script")  # fmt: skip


def _sysmon(category: str) -> ProcessingPipeline:
    """A category as Sysmon's events.

    As `sysmon_pipeline` of pySigma's package, which is not called: it is decorated by `Pipeline`,
    of which there is only one object, so that it becomes any other pipeline decorated later.
    """
    event: dict[str, Any] = {"EventID": sysmon_generic_logsource_eventid_mapping[category]}
    source = ChangeLogsourceTransformation(category, "windows", "sysmon")
    return ProcessingPipeline(
        items=[ProcessingItem(AddConditionTransformation(event)), ProcessingItem(source)]
    )


def ways(rule: SigmaRule) -> list[tuple[str, SigmaRule]]:
    """The rule as each way to its events has it, by name; `labels` is the rule as it is.

    Ways that cannot have it (audit events lack a field of it) are left out.
    """
    source = LogSource(rule.logsource.product, rule.logsource.service, rule.logsource.category)
    found = []
    for name, pipeline in _ways(source):
        copied = _copied(rule)
        if name != LABELS:
            try:
                pipeline.apply(copied)
            except SigmaError:
                continue
        found.append((name, copied))
    return found


@cache
def _ways(source: LogSource) -> tuple[tuple[str, ProcessingPipeline], ...]:
    """The pipelines that lead to a log source's events, by name."""
    ways: list[tuple[str, ProcessingPipeline]] = []
    makers: list[tuple[str, Callable[[], ProcessingPipeline]]] = []
    if source.product == "windows":
        if source.category in sysmon_generic_logsource_eventid_mapping:
            makers.append(("sysmon", partial(_sysmon, source.category)))
        if source.category in _AUDITED:
            makers.append((_RENAMES, windows_audit_pipeline))
        if source.service in windows_logsource_mapping or source.category in _CHANNELLED:
            makers.append(("windows", ProcessingPipeline))
    ways.extend((name, maker() + windows_logsource_pipeline()) for name, maker in makers)
    labels = {
        f"logsource.{key}": value
        for key in ("product", "service", "category")
        if (value := getattr(source, key))
    }
    item = ProcessingItem(AddConditionTransformation(labels), identifier=LABELS)
    ways.append((LABELS, ProcessingPipeline(items=[item])))
    return tuple(ways)
