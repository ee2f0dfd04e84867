"""Conditions whose answer is known before any event is seen."""

from __future__ import annotations

from collections.abc import Iterator

from engine.match.expression import And, Expression, Not, Or
from vedette.condition import named_parts
from vedette.lint.document import Document
from vedette.lint.facts import single_fields
from vedette.lint.finding import Found, quote
from vedette.lint.registry import ERROR, WARNING, of_rule
from vedette.lint.truth import impossible, inevitable


def _body(document: Document) -> Expression | None:
    """The rule's own condition, without what leads to its log source."""
    rule = document.rule
    return rule.bindings[-1].body if rule and rule.bindings else None


def _line(document: Document) -> int:
    return document.line("detection", "condition")


@of_rule("never-true", ERROR)
def never_true(document: Document) -> Iterator[Found]:
    """The condition can never be true.

    It asks one field for two values at once, or for what it also rules out. Only what is
    certain is reported: two values count as a contradiction where the log source has at most
    one of the field.
    """
    body = _body(document)
    if body is not None and impossible(body, single_fields(document.source)):
        yield Found("no event can make the condition true", _line(document))


@of_rule("always-true", ERROR)
def always_true(document: Document) -> Iterator[Found]:
    """The condition is true of every event of the log source.

    Such as a search or its negation, or `not` of what is impossible.
    """
    body = _body(document)
    if body is not None and inevitable(body, single_fields(document.source)):
        yield Found("every event makes the condition true", _line(document))


@of_rule("impossible-search", WARNING)
def impossible_search(document: Document) -> Iterator[Found]:
    """One of several searches can never be true.

    The rule still matches by the others, so that nobody misses this one.
    """
    body = _body(document)
    if body is None:
        return
    single = single_fields(document.source)
    names = named_parts(document.data, body)
    if impossible(body, single):
        return
    for part, name in _parts(body, names):
        if impossible(part, single):
            line = document.line("detection", name)
            yield Found(f"no event can make the search {quote(name)} true", line)


@of_rule("filter-without-effect", WARNING)
def filter_without_effect(document: Document) -> Iterator[Found]:
    """A filter rules out nothing that the rest of the condition lets in.

    It was written for other events than the rule seeks: often the value of another field, or a
    path that was changed in only one of the two places.
    """
    body = _body(document)
    if not isinstance(body, And):
        return
    single = single_fields(document.source)
    names = named_parts(document.data, body)
    if impossible(body, single):
        return
    for item in body.items:
        if not isinstance(item, Not):
            continue
        sought = tuple(other for other in body.items if not isinstance(other, Not))
        inner = item.item
        alternatives = inner.items if isinstance(inner, Or) else (inner,)
        named = [part for part in alternatives if id(part) in names]
        for part in named if len(named) == len(alternatives) else (inner,):
            if not impossible(part, single) and impossible(And((*sought, part)), single):
                name = names.get(id(part))
                line = document.line("detection", name) if name else _line(document)
                told = f"the filter {quote(name)}" if name else "a filter"
                yield Found(f"{told} rules out nothing that the searches let in", line)


def _parts(expression: Expression, names: dict[int, str]) -> Iterator[tuple[Expression, str]]:
    if name := names.get(id(expression)):
        yield expression, name
        return
    match expression:
        case Not(item):
            yield from _parts(item, names)
        case And(items) | Or(items):
            for item in items:
                yield from _parts(item, names)
