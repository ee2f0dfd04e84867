"""Fields of Sigma's taxonomy in Windows audit events, which call some of them otherwise."""

from __future__ import annotations

from functools import cache

from engine.event import Event
from engine.match.predicates import Scalar


def renamed(event: Event, name: str, binding: str) -> tuple[Scalar, ...]:
    """The values of a field in an event that matched by a binding."""
    if binding == "windows-audit":
        for other in _audit().get(name, ()):
            if values := event.values(other):
                return values
    return event.values(name)


@cache
def _audit() -> dict[str, tuple[str, ...]]:
    """Sigma's names, and what audit events call them, as pySigma's pipeline says."""
    # slow to import, and asked for only when an audit event takes part in a correlation
    from sigma.pipelines.windows.windows import windows_audit_pipeline
    from sigma.processing.transformations import FieldMappingTransformation

    found: dict[str, tuple[str, ...]] = {}
    for item in windows_audit_pipeline().items:
        if isinstance(item.transformation, FieldMappingTransformation):
            for name, others in item.transformation.mapping.items():
                known = [others] if isinstance(others, str) else list(others or ())
                found[str(name)] = (*found.get(str(name), ()), *known)
    return found
