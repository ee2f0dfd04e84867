"""Why a rule is refused, and where: the line, the field and the nearest right name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sigma import exceptions
from sigma.exceptions import SigmaError, SigmaModifierError, SigmaValueError
from sigma.modifiers import modifier_mapping

from engine.errors import RuleError, nearest_name
from engine.level import LEVELS, STATUSES
from engine.match.translate import UntranslatableError
from engine.yaml_text import Documents

_KEYS: dict[type[Exception], str] = {
    exceptions.SigmaTitleError: "title",
    exceptions.SigmaIdentifierError: "id",
    exceptions.SigmaNameError: "name",
    exceptions.SigmaStatusError: "status",
    exceptions.SigmaLevelError: "level",
    exceptions.SigmaDescriptionError: "description",
    exceptions.SigmaAuthorError: "author",
    exceptions.SigmaLicenseError: "license",
    exceptions.SigmaReferencesError: "references",
    exceptions.SigmaDateError: "date",
    exceptions.SigmaModifiedError: "modified",
    exceptions.SigmaTagError: "tags",
    exceptions.SigmaRelatedError: "related",
    exceptions.SigmaFieldsError: "fields",
    exceptions.SigmaFalsePositivesError: "falsepositives",
    exceptions.SigmaScopeError: "scope",
    exceptions.SigmaTaxonomyError: "taxonomy",
    exceptions.SigmaLogsourceError: "logsource",
    exceptions.SigmaConditionError: "condition",
    exceptions.SigmaDetectionError: "detection",
    exceptions.SigmaCorrelationRuleError: "correlation",
    exceptions.SigmaFilterError: "filter",
    SigmaModifierError: "detection",
    SigmaValueError: "detection",
    UntranslatableError: "detection",
}
"""What is wrong when pySigma raises this; of several that fit, the first."""

_QUOTED = re.compile(r"'([^']+)'|(%[^%\s]+%)")


def refusal(
    message: str, documents: Documents, item: Any, field: str, expected: str | None
) -> RuleError:
    """The error of a document whose part under a key (empty: which as a whole) is wrong."""
    title = _text(item.get("title")) if isinstance(item, dict) else None
    line = _line(documents.text, [_key(field)] if field else [], title)
    return RuleError(
        _named(message, documents, title),
        file=documents.file,
        line=line,
        field=field or None,
        expected=expected,
    )


def blame(error: Exception, documents: Documents, title: Any) -> RuleError:
    """What any failure of pySigma or of translation says of the rule of that title."""
    title = _text(title)
    reason = _reason(error)
    field = next((key for kind, key in _KEYS.items() if isinstance(error, kind)), None)
    if reason.startswith("Sigma tag"):  # which pySigma calls a wrong value, like many others
        field = "tags"
    patterns = [_key(field)] if field else []
    quoted = [a or b for a, b in _QUOTED.findall(reason)]
    if field in ("detection", "condition", "tags"):  # the text itself says more than its key
        patterns = [re.escape(text) for text in quoted] + patterns
    return RuleError(
        _named(reason, documents, title),
        file=documents.file,
        line=_line(documents.text, patterns, title),
        field=field,
        nearest=_nearest(field, quoted, documents, title),
    )


def _nearest(
    field: str | None, quoted: list[str], documents: Documents, title: str | None
) -> str | None:
    """The right name that the first quoted one may have meant."""
    known: Iterable[str] = {"level": LEVELS, "status": STATUSES}.get(field or "", ())
    if field == "detection":
        known = modifier_mapping
    elif field == "condition":
        detection = documents.titled(title or "").get("detection")
        known = [str(name) for name in detection] if isinstance(detection, dict) else []
    found = nearest_name(quoted[0], known) if quoted else None
    return found if found not in quoted else None


def _reason(error: Exception) -> str:
    text = (str(error).strip() or type(error).__name__).replace("\n", " ")
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, SigmaError | UntranslatableError):
        return text
    return f"cannot be parsed ({type(error).__name__}: {text})"


def _named(message: str, documents: Documents, title: str | None) -> str:
    """Where a file has several rules, which one is meant."""
    return f"{title}: {message}" if title and len(documents.items) > 1 else message


def _text(title: Any) -> str | None:
    return title if isinstance(title, str) else None


def _key(name: str) -> str:
    return rf"^\s*(- )?[\"']?{re.escape(name)}[\"']?\s*:"


def _line(text: str, patterns: Iterable[str], title: str | None) -> int:
    """The first line that the first fitting pattern fits, from the rule's title on."""
    lines = text.splitlines()
    start = _title_line(lines, title)
    for pattern in patterns:
        fits = re.compile(pattern)
        after = range(start, len(lines))
        for places in (after, range(start)):
            found = next((i for i in places if fits.search(lines[i])), None)
            if found is not None:
                return found + 1
    return start + 1


def _title_line(lines: list[str], title: str | None) -> int:
    titles = ((i, line) for i, line in enumerate(lines) if line.startswith("title:"))
    return next((i for i, line in titles if title and title in line), 0)
