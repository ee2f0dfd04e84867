"""What a rule says of itself: id, description, author, status, level."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from engine.errors import nearest_name
from engine.level import LEVELS, STATUSES
from vedette.lint.document import Document
from vedette.lint.finding import Found, quote
from vedette.lint.missing import missing
from vedette.lint.registry import ALL, ERROR, INFO, WARNING, WITH_CORRELATIONS, of_rule

SHORTEST_DESCRIPTION = 16


@of_rule("missing-id", WARNING, kinds=ALL)
def missing_id(document: Document) -> Iterator[Found]:
    """The rule has no id.

    Alert ids, exclusions and other rules' references depend on it. Without one a hash of title
    and detection stands in, which changes with them.
    """
    yield from missing(document, "id")


@of_rule("id-not-uuid", ERROR, refusal=True, kinds=ALL)
def id_not_uuid(document: Document) -> Iterator[Found]:
    """The id is no UUID.

    Sigma demands a UUID, best a random one (version 4); the rule is refused.
    """
    id = document.data.get("id")
    if id in (None, ""):
        return
    try:
        UUID(str(id))
    except ValueError:
        yield Found(f"the id {quote(str(id), 64)} is no UUID", document.line("id"))


@of_rule("missing-description", WARNING, kinds=WITH_CORRELATIONS)
def missing_description(document: Document) -> Iterator[Found]:
    """The rule has no description.

    Who gets the alert has to know what it means and what to do.
    """
    yield from missing(document, "description")


@of_rule("short-description", INFO, kinds=WITH_CORRELATIONS)
def short_description(document: Document) -> Iterator[Found]:
    """The description is shorter than 16 characters.

    That says no more than the title.
    """
    text = document.data.get("description")
    if isinstance(text, str) and 0 < len(text.strip()) < SHORTEST_DESCRIPTION:
        yield Found("the description says too little", document.line("description"))


@of_rule("missing-author", INFO, kinds=WITH_CORRELATIONS)
def missing_author(document: Document) -> Iterator[Found]:
    """The rule names no author.

    Somebody has to be asked.
    """
    yield from missing(document, "author")


@of_rule("missing-status", WARNING, kinds=WITH_CORRELATIONS)
def missing_status(document: Document) -> Iterator[Found]:
    """The rule has no status.

    It says how far the rule can be trusted, and `--status` chooses by it.
    """
    yield from missing(document, "status")


@of_rule("unknown-status", ERROR, refusal=True, kinds=ALL)
def unknown_status(document: Document) -> Iterator[Found]:
    """The status is none that Sigma knows.

    It is one of unsupported, deprecated, experimental, test, stable; the rule is refused.
    """
    yield from _unknown_word(document, "status", STATUSES)


@of_rule("missing-level", WARNING, kinds=WITH_CORRELATIONS)
def missing_level(document: Document) -> Iterator[Found]:
    """The rule has no level.

    Alerts are sorted by it, and `--fail-on` and `--min-level` look at it. Without one it counts
    as medium.
    """
    yield from missing(document, "level")


@of_rule("unknown-level", ERROR, refusal=True, kinds=ALL)
def unknown_level(document: Document) -> Iterator[Found]:
    """The level is none that Sigma knows.

    It is one of informational, low, medium, high, critical; the rule is refused.
    """
    yield from _unknown_word(document, "level", LEVELS)


def _unknown_word(document: Document, key: str, known: tuple[str, ...]) -> Iterator[Found]:
    word = document.data.get(key)
    if word is None or (isinstance(word, str) and word.lower() in known):
        return
    nearest = nearest_name(str(word).lower(), known)
    yield Found(
        f"{key} {quote(str(word), 64)} is none of {', '.join(known)}", document.line(key), nearest
    )
