"""Conditions: the searches they name, and what they make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigma.conditions import ConditionAND, ConditionOR

from vedette.lint.document import Document
from vedette.lint.finding import Found, nearest, quote
from vedette.lint.registry import ERROR, INFO, WARNING, of_rule


@of_rule("missing-condition", ERROR, refusal=True)
def missing_condition(document: Document) -> Iterator[Found]:
    """The detection has no condition.

    It says how the searches go together; the rule is refused.
    """
    if document.searches and not document.get("detection", "condition"):
        yield Found("the detection has no condition", document.line("detection"))


@of_rule("undefined-search", ERROR, refusal=True)
def undefined_search(document: Document) -> Iterator[Found]:
    """The condition names a search that the detection does not have.

    The rule is refused.
    """
    for condition in document.conditions:
        for use in condition.uses:
            if use.quantifier is None and not use.names(document.searches):
                near = nearest(use.pattern, document.searches)
                yield Found(f"no search is called {quote(use.pattern)}", condition.line, near)


@of_rule("pattern-without-search", ERROR)
def pattern_without_search(document: Document) -> Iterator[Found]:
    """A pattern of the condition fits no search.

    `1 of filter_*` without any filter is dropped in silence, so that the rule means something
    else than it says.
    """
    for condition in document.conditions:
        for use in condition.uses:
            if use.quantifier and not use.names(document.searches):
                written = f"{use.quantifier} of {use.pattern}"
                yield Found(
                    f"{quote(written)} fits no search",
                    condition.line,
                    nearest(use.pattern.rstrip("*_"), document.searches),
                )


@of_rule("unused-search", WARNING)
def unused_search(document: Document) -> Iterator[Found]:
    """A search is not used by the condition.

    Either the condition lacks it or it is dead weight.
    """
    found = document.conditions
    if not found or any(condition.tree is None for condition in found):
        return
    used = {n for each in found for use in each.uses for n in use.names(document.searches)}
    for name in document.searches:
        if name not in used:
            line = document.line("detection", name)
            yield Found(f"the condition does not use {quote(name)}", line)


@of_rule("quantifier-of-one", INFO)
def quantifier_of_one(document: Document) -> Iterator[Found]:
    """`1 of` or `all of` a pattern that only one search fits.

    Name the search itself, unless more of them are to come. `1 of filter_*` is left alone: it
    is the usual way to leave room for more.
    """
    for condition in document.conditions:
        for use in condition.uses:
            fitting = use.names(document.searches)
            if use.quantifier and len(fitting) == 1 and not use.negated:
                written = f"{use.quantifier} of {use.pattern}"
                yield Found(f"{quote(written)} is {quote(fitting[0])} alone", condition.line)


@of_rule("all-of-them", WARNING)
def all_of_them(document: Document) -> Iterator[Found]:
    """The condition says `of them`, filters and all.

    Whoever adds a filter later turns it into one more thing to search for. Name a pattern:
    `all of selection_*`.
    """
    for condition in document.conditions:
        for use in condition.uses:
            if use.pattern == "them" and len(document.searches) > 1:
                yield Found(f"{use.quantifier} of them takes in every search", condition.line)


@of_rule("aggregation", ERROR, refusal=True)
def aggregation(document: Document) -> Iterator[Found]:
    """The condition counts with the old pipe (`| count() > 5`).

    Sigma 2 has correlation rules in its place; the rule is refused.
    """
    for condition in document.conditions:
        if "|" in condition.text:
            yield Found(
                "conditions have no pipe any more: write a correlation rule", condition.line
            )


@of_rule("timeframe", WARNING)
def timeframe(document: Document) -> Iterator[Found]:
    """The detection has a `timeframe`.

    It belonged to the old counting conditions and is passed over; a correlation rule has a
    `timespan`.
    """
    if document.get("detection", "timeframe") is not None:
        yield Found("`timeframe` is passed over", document.line("detection", "timeframe"))


@of_rule("list-of-conditions", WARNING)
def list_of_conditions(document: Document) -> Iterator[Found]:
    """The condition is a list.

    Sigma calls that deprecated, and tools read it differently. Join the parts with `or`.
    """
    if isinstance(document.get("detection", "condition"), list):
        line = document.line("detection", "condition")
        yield Found("a list of conditions is deprecated: join them with 'or'", line)


@of_rule("mixed-and-or", INFO)
def mixed_and_or(document: Document) -> Iterator[Found]:
    """The condition mixes `and` with `or` without brackets.

    `and` binds more tightly; brackets show that this was meant.
    """
    for condition in document.conditions:
        args = condition.tree.args if isinstance(condition.tree, ConditionOR) else []
        if any(isinstance(arg, ConditionAND) for arg in args) and "(" not in condition.text:
            yield Found("'and' and 'or' stand together without brackets", condition.line)


@of_rule("filter-name", INFO)
def filter_name(document: Document) -> Iterator[Found]:
    """A search that is only ever negated is not called `filter…`.

    Readers, and tools that add filters of one's own, tell what is sought from what is let
    through by the names.
    """
    for condition in document.conditions:
        uses = condition.uses
        sought = {n for u in uses if not u.negated for n in u.names(document.searches)}
        for use in uses:
            for name in use.names(document.searches) if use.negated else ():
                if name not in sought and not re.match(r"_?filter", name):
                    yield Found(f"{quote(name)} is a filter by its use", condition.line)


@of_rule("only-negated", WARNING)
def only_negated(document: Document) -> Iterator[Found]:
    """The condition seeks nothing: every search in it is negated.

    It then matches nearly every event of its log source.
    """
    for condition in document.conditions:
        uses = condition.uses
        if uses and all(use.negated for use in uses):
            yield Found("every search of the condition is negated", condition.line)
