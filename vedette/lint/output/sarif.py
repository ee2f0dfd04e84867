"""Findings as SARIF 2.1.0, which code hosts show in pull requests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vedette import __version__
from vedette.lint.finding import Finding, Severity
from vedette.lint.registry import Check
from vedette.output.safe import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(findings: Iterable[Finding], checks: Sequence[Check], root: Path) -> dict[str, Any]:
    """A SARIF log of one run; paths below `root` are told relative to it.

    Every check that ran is described, whether it found something or not.
    """
    places = {check.id: place for place, check in enumerate(checks)}
    seen: dict[str, int] = {}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "vedette rules check",
                        "semanticVersion": __version__,
                        "rules": [_described(check) for check in checks],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, places, root, seen) for finding in findings],
            }
        ],
    }


def _described(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "shortDescription": {"text": check.summary},
        "fullDescription": {"text": check.why},
        "help": {"text": f"{check.summary} {check.why}"},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {"tags": [check.family]},
    }


def _result(
    finding: Finding, places: dict[str, int], root: Path, seen: dict[str, int]
) -> dict[str, Any]:
    return {
        "ruleId": finding.check,
        "ruleIndex": places[finding.check],
        "level": _LEVELS[finding.severity],
        "message": {"text": visible(finding.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file, root)},
                    "region": {"startLine": finding.line},
                }
            }
        ],
        "partialFingerprints": {"findingHash/v1": _fingerprint(finding, seen)},
    }


def _fingerprint(finding: Finding, seen: dict[str, int]) -> str:
    """The same finding in a file whose lines have moved is the same finding."""
    text = "\0".join((finding.check, Path(finding.file).name, finding.message))
    count = seen[text] = seen.get(text, 0) + 1
    return hashlib.sha256(f"{text}\0{count}".encode("utf-8", "replace")).hexdigest()[:32]


def _uri(file: str, root: Path) -> str:
    path = Path(file)
    absolute = path if path.is_absolute() else root / path
    try:
        return quote(os.fsencode(absolute.relative_to(root)))
    except ValueError:
        return absolute.resolve().as_uri()
