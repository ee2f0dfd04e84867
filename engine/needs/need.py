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
    """A value of the Sigma field passes the test, and is none that `within` rules out.

    `within` is made of what the same field lacks, as `engine.needs.narrow` says.
    """

    field: str
    test: Test
    within: Need = Always()


@dataclass(frozen=True, slots=True)
class Lacks:
    """No value of the Sigma field passes the test; it may be missing."""

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


Need = Always | One | Lacks | Word | Every | Either

ALWAYS = Always()
NEVER = Either(())


def every(needs: Iterable[Need]) -> Need:
    """All of some conditions, as simply as can be said; one object counts once."""
    parts: dict[int, Need] = {}  # to compare them takes long, and equal ones are mostly one object
    for need in needs:
        kind = type(need)
        if kind is Every:
            parts.update((id(part), part) for part in need.parts)  # type: ignore[union-attr]
        elif kind is Either and not need.parts:  # type: ignore[union-attr]
            return NEVER
        elif kind is not Always:
            parts[id(need)] = need
    if len(parts) == 1:
        return next(iter(parts.values()))
    return Every(tuple(parts.values())) if parts else ALWAYS


def either(needs: Iterable[Need]) -> Need:
    """Any of some conditions, as simply as can be said; one object counts once."""
    parts: dict[int, Need] = {}
    for need in needs:
        kind = type(need)
        if kind is Always:
            return ALWAYS
        if kind is Either:
            parts.update((id(part), part) for part in need.parts)  # type: ignore[union-attr]
        else:
            parts[id(need)] = need
    return next(iter(parts.values())) if len(parts) == 1 else Either(tuple(parts.values()))
