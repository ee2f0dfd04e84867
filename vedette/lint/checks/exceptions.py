"""Exceptions: whose they are, why, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from vedette.lint.document import Document, RuleFile
from vedette.lint.finding import Found
from vedette.lint.registry import INFO, WARNING, of_file, of_rule

FILTERS = frozenset({"filter"})
PATH = ("vedette", "exception")
LONGEST = timedelta(days=366)


def _block(document: Document) -> Mapping[str, Any] | None:
    """The block of an exception; None for a plain filter."""
    block = document.get(*PATH)
    return block if isinstance(block, Mapping) else None


def _expires(document: Document) -> date | None:
    value = (_block(document) or {}).get("expires")
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _lacks(document: Document, key: str) -> Iterator[Found]:
    block = _block(document)
    if block is not None and block.get(key) in (None, ""):
        yield Found(f"the exception has no {key}", document.line(*PATH))


@of_rule("exception-without-owner", WARNING, kinds=FILTERS)
def exception_without_owner(document: Document) -> Iterator[Found]:
    """An exception does not say whose it is.

    Somebody has to answer for what it holds back, and be asked when it expires.
    """
    yield from _lacks(document, "owner")


@of_rule("exception-without-reason", WARNING, kinds=FILTERS)
def exception_without_reason(document: Document) -> Iterator[Found]:
    """An exception does not say why.

    Without a reason nobody can tell when it is not needed any more.
    """
    yield from _lacks(document, "reason")


@of_rule("exception-without-expiry", WARNING, kinds=FILTERS)
def exception_without_expiry(document: Document) -> Iterator[Found]:
    """An exception does not expire.

    What was once harmless stays unseen for ever. Give it a day and look at it again then.
    """
    yield from _lacks(document, "expires")


@of_rule("exception-far-expiry", INFO, kinds=FILTERS)
def exception_far_expiry(document: Document) -> Iterator[Found]:
    """An exception expires more than a year from now.

    By then nobody will remember why it was made.
    """
    expires = _expires(document)
    if expires and expires - _today() > LONGEST:
        yield Found(f"expires as late as {expires}", document.line(*PATH, "expires"))


@of_rule("exception-expired", WARNING, kinds=FILTERS)
def exception_expired(document: Document) -> Iterator[Found]:
    """An exception has expired.

    It does not apply any more. Take it away, or look at it again and give it another day.
    """
    expires = _expires(document)
    if expires and expires < _today():
        yield Found(f"expired after {expires}", document.line(*PATH, "expires"))


@of_file("exception-for-nobody", WARNING)
def exception_for_nobody(file: RuleFile) -> Iterator[Found]:
    """An exception is for no rule, or names one that is not there.

    The rule may have been renamed, or be of another log source than the exception.
    """
    for error in file.warned:
        yield Found(error.message.partition(": ")[2], error.line or 1)


def _today() -> date:
    return datetime.now(UTC).date()
