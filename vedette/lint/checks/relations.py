"""Rules of one set compared with each other, and the relations they state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vedette.lint.document import Document, RuleFile
from vedette.lint.finding import Found
from vedette.lint.registry import ALL, ERROR, WARNING, Placed, of_rule, of_set


def _twice(files: Sequence[RuleFile], key: str, form: Callable[[object], str]) -> Iterator[Placed]:
    first: dict[str, tuple[RuleFile, Document]] = {}
    for file in files:
        for document in file.documents:
            value = document.data.get(key)
            if value in (None, "") or document.kind == "part":
                continue
            other, its = first.setdefault(form(value), (file, document))
            if its is not document:
                where = f"{other.name}:{its.line(key)}"
                yield file, document, Found(f"the {key} is that of {where}", document.line(key))


@of_set("duplicate-id", ERROR)
def duplicate_id(files: Sequence[RuleFile]) -> Iterator[Placed]:
    """Two rules have the same id.

    Only the first is loaded: the other is refused, since alerts could not be told apart.
    """
    yield from _twice(files, "id", lambda value: str(value).lower())


@of_set("duplicate-title", WARNING)
def duplicate_title(files: Sequence[RuleFile]) -> Iterator[Placed]:
    """Two rules have the same title.

    Alerts are read by their titles, and `--exclude-rule` would leave out both.
    """
    yield from _twice(files, "title", lambda value: str(value).strip().lower())


@of_rule("related-to-itself", WARNING, kinds=ALL)
def related_to_itself(document: Document) -> Iterator[Found]:
    """The rule names itself as related.

    The id of the other rule was meant.
    """
    related = document.data.get("related")
    for place, entry in enumerate(related if isinstance(related, list) else []):
        if isinstance(entry, dict) and entry.get("id") and entry["id"] == document.data.get("id"):
            yield Found("is related to itself", document.line("related", place))
