"""What Vedette makes of a rule, as a target that pySigma's tools can convert to.

Nothing is translated for another system: Vedette evaluates Sigma itself. The output says which
events a rule is asked about and what is asked of them, or why the rule is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation
from sigma.rule import SigmaRule

from engine.binding import Binding
from engine.logsource import bind
from engine.match.expression import And, Expression, Not, Or
from engine.match.translate import UntranslatableError

PARTS = ("product", "service", "category")


class Target(TextQueryBackend):
    """A pySigma backend; `default` is text to read, `json` the same as data."""

    name: ClassVar[str] = "Vedette: what the rule asks of which events"
    formats: ClassVar[dict[str, str]] = {
        "default": "The conditions as text",
        "json": "The conditions as a tree",
    }
    requires_pipeline: ClassVar[bool] = False

    def convert_rule(
        self, rule: SigmaRule, output_format: str | None = None, callback: Any = None
    ) -> list[Any]:
        """One result. Raises `SigmaFeatureNotSupportedByBackendError` for a refused rule."""
        if getattr(self, "last_processing_pipeline", None) is None:
            self.init_processing_pipeline(output_format)
        read = deepcopy(rule)
        self.last_processing_pipeline.apply(read)
        try:
            ways = bind(read)
        except UntranslatableError as error:
            raise SigmaFeatureNotSupportedByBackendError(str(error)) from error
        result = _tree(rule, ways) if output_format == "json" else "\n".join(_lines(rule, ways))
        if callback is not None:
            result = callback(rule, output_format, 0, None, result)
        return [] if result is None else [result]

    def convert_correlation_rule(
        self, rule: SigmaCorrelationRule, *_args: Any, **_options: Any
    ) -> list[Any]:
        """Always raises: what a correlation does is more than a condition."""
        raise SigmaFeatureNotSupportedByBackendError(
            f"{rule.title}: a correlation has no condition to show; `vedette rules check` reads it"
        )

    def finalize(self, queries: list[Any], _output_format: str) -> list[Any]:
        """The results as they are, each a text or a tree."""
        return queries


@dataclass
class _Labels(AddConditionTransformation):
    """Adds what the labels way of `engine.logsource` demands of a rule's log source."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        """Add a condition for each part of the log source that the rule names."""
        if isinstance(rule, SigmaRule):
            parts = {key: getattr(rule.logsource, key) for key in PARTS}
            self.conditions = {f"logsource.{key}": part for key, part in parts.items() if part}
        super().apply(rule)


def labels() -> ProcessingPipeline:
    """Ask of events what Vedette asks of those that carry labels: `logsource.product` and so on.

    For queries of other systems on events that a shipper has labelled so.
    """
    item = ProcessingItem(_Labels(), identifier="vedette_labels")
    return ProcessingPipeline(name="Vedette's labels of log sources", priority=20, items=[item])


def _lines(rule: SigmaRule, ways: tuple[Binding, ...]) -> Iterator[str]:
    yield f"{rule.title} ({rule.id})" if rule.id else rule.title
    for way in ways:
        yield f"  of events by {way.name}:"
        yield from _shown(way.route, 2)
        yield "  that have:"
        yield from _shown(way.body, 2)


def _shown(part: Expression, level: int) -> Iterator[str]:
    indent = "  " * level
    match part:
        case And((only,)) | Or((only,)):
            yield from _shown(only, level)
        case And(items) | Or(items):
            yield f"{indent}{'all of' if isinstance(part, And) else 'any of'}"
            for item in items:
                yield from _shown(item, level + 1)
        case Not(item):
            yield f"{indent}not"
            yield from _shown(item, level + 1)
        case _:
            yield f"{indent}{part}"


def _tree(rule: SigmaRule, ways: tuple[Binding, ...]) -> dict[str, Any]:
    return {
        "title": rule.title,
        "id": str(rule.id) if rule.id else None,
        "ways": [
            {"name": way.name, "events": _data(way.route), "condition": _data(way.body)}
            for way in ways
        ],
    }


def _data(part: Expression) -> Any:
    match part:
        case And(items):
            return {"all": [_data(item) for item in items]}
        case Or(items):
            return {"any": [_data(item) for item in items]}
        case Not(item):
            return {"not": _data(item)}
        case _:
            return {"field": part.field, "test": str(part.predicate)}
