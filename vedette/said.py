"""The kinds of message that a run's log has, for programs that read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS: Mapping[str, str] = {
    "rules-loaded": "which rules were loaded at the start, and what was refused",
    "run-start": "where alerts go",
    "source-read": "a poll brought events; how many, how long it took, and the alerts so far",
    "source-failed": "a poll failed; nothing moved, and it will be tried again",
    "source-recovered": "a source answers again",
    "gap": "a gap is filled, has been filled, or was given up",
    "source-given-up": "with `--until-idle`: a source failed too often",
    "unit-owned": "a pipeline that was another instance's is this one's now",
    "unit-lost": "a pipeline is not this instance's any more",
    "unit-failed": "a pipeline failed; it will be taken up again",
    "unit-given-up": "with `--until-idle`: a pipeline was left undone",
    "leases-failing": "leases cannot be kept; for how long what is owned stays so",
    "leases-kept": "leases are kept again",
    "push-down": "of how many rules the cluster is asked",
    "push-blind": "what push-down cannot see",
    "problem": "something wrong in the input, by its kind",
    "rule-refused": "a rule that changed does not load",
    "rule-kept": "a rule stays as it was before",
    "tuning-warning": "something in exceptions or tuning files is not as it should be",
    "rules-changed": "changed rules are live",
    "rules-unchanged": "rules were looked at and stay as they were",
    "hunt-run": "a window of a hunt has been looked at, and what became of its alerts",
    "hunts-changed": "hunts were looked at, and changed ones are live",
    "hunts-unchanged": "hunts cannot be looked at, and stay as they were",
    "hunt-refused": "a hunt does not load, or cannot be run",
    "hunt-kept": "a hunt stays as it was before",
    "run-end": "the run has ended; what it did",
}
"""`event.action` of a message, and what it says. All others have none."""


def said(kind: str, **fields: Any) -> dict[str, Any]:
    """What a log call is given as `extra`: ECS fields, `__` for the dots in their names.

    Raises KeyError for a kind that is not listed.
    """
    KINDS[kind]
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return {"ecs": {"event.action": kind, **named}}


def of_error(error: BaseException) -> dict[str, Any]:
    """An error's fields, for `said`."""
    return {"error__type": type(error).__name__, "error__message": str(error)}
