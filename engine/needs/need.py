"""A condition that every event which a rule matches satisfies; it may hold of others, too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.needs.test import Test


@dataclass(frozen=True, slots=True)
class Always:
    """May hold, whatever the event has."""


@dataclass(frozen=True, slots=True)
class One:
    """A value of the Sigma field passes the test."""

    field: str
    test: Test


@dataclass(frozen=True, slots=True)
class Word:
    """A value of any field passes the test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold; none of these is `Always`, and there are at least two."""

    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them holds; none of these is `Always`. Without any it never holds."""

    parts: tuple[Need, ...]


Need = Always | One | Word | Every | Either

ALWAYS = Always()
NEVER = Either(())


def every(needs: Iterable[Need]) -> Need:
    """All of some conditions, as simply as can be said."""
    parts: dict[Need, None] = {}
    for need in needs:
        if isinstance(need, Every):
            parts.update(dict.fromkeys(need.parts))
        elif need == NEVER:
            return NEVER
        elif not isinstance(need, Always):
            parts[need] = None
    if len(parts) == 1:
        return next(iter(parts))
    return Every(tuple(parts)) if parts else ALWAYS


def either(needs: Iterable[Need]) -> Need:
    """Any of some conditions, as simply as can be said."""
    parts: dict[Need, None] = {}
    for need in needs:
        if isinstance(need, Always):
            return ALWAYS
        if isinstance(need, Either):
            parts.update(dict.fromkeys(need.parts))
        else:
            parts[need] = None
    return next(iter(parts)) if len(parts) == 1 else Either(tuple(parts))
