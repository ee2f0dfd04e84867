"""When a rule was written and changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.missing import missing
from vedette.lint.registry import ALL, ERROR, INFO, WARNING, WITH_CORRELATIONS, of_rule

_ISO, _OLD = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}/\d{1,2}/\d{1,2}")


def _date(document: Document, key: str) -> date | None:
    value = document.data.get(key)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date(*(int(part) for part in re.split("[-/]", str(value))))
    except (TypeError, ValueError):
        return None


@of_rule("missing-date", WARNING, kinds=WITH_CORRELATIONS)
def missing_date(document: Document) -> Iterator[Found]:
    """The rule has no date.

    Alerts say which version of the rule made them, and old rules have to be looked after.
    """
    yield from missing(document, "date")


@of_rule("not-a-date", ERROR, refusal=True, kinds=ALL)
def not_a_date(document: Document) -> Iterator[Found]:
    """`date` or `modified` is no date.

    The rule is refused. A date is written 2026-11-23.
    """
    for key in ("date", "modified"):
        value = document.data.get(key)
        if value not in (None, "") and _date(document, key) is None:
            yield Found(f"{key} {quote(str(value), 32)} is no date", document.line(key))


@of_rule("date-format", INFO, kinds=ALL)
def date_format(document: Document) -> Iterator[Found]:
    """A date is written in the old form.

    Sigma 2 writes 2026-11-23; 2026/11/23 is the form before that.
    """
    for key in ("date", "modified"):
        value = document.data.get(key)
        if isinstance(value, str) and not _ISO.fullmatch(value) and (day := _date(document, key)):
            yield Found(
                f"{key} is written {quote(value)} and not {day.isoformat()}", document.line(key)
            )


@of_rule("modified-before-date", WARNING, kinds=ALL)
def modified_before_date(document: Document) -> Iterator[Found]:
    """The rule was modified before it was written.

    One of the two dates is wrong, and the rule's version with it.
    """
    written, changed = _date(document, "date"), _date(document, "modified")
    if written and changed and changed < written:
        yield Found(f"modified {changed} is before date {written}", document.line("modified"))
