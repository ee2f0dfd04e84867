"""What a cluster evaluates: rules as its queries, and the rules that found an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """A rule as one clause of query DSL; `fields` are those that it reads."""

    rule: str
    """The rule's id."""
    title: str
    query: Mapping[str, Any]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blind:
    """A rule that cannot be asked of a cluster, and why."""

    rule: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Questions:
    """The rules of one source as questions, and those that are none."""

    asked: tuple[Question, ...] = ()
    blind: tuple[Blind, ...] = ()
    correlations: tuple[str, ...] = ()
    """Titles of those that listen to what is found."""


class Pushed(tuple[str, ...]):
    """Ids of the rules that a cluster found an event by: `Record.candidates` that are decided."""

    __slots__ = ()
