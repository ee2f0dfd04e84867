"""The project's rule files, each as (relative path, the document as written).

Correlations, which share a file with what they listen to, have tests of their own; so have hunts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).resolve().parents[2] / "rules"


def rule_documents() -> list[tuple[str, dict[str, Any]]]:
    others = ("correlations", "hunts")
    files = [f for f in sorted(RULES.rglob("*.yml")) if f.parent.name not in others]
    return [(str(f.relative_to(RULES)), yaml.safe_load(f.read_text())) for f in files]


def pytest_generate_tests(metafunc: Any) -> None:
    documents = rule_documents()
    if "rule_test" in metafunc.fixturenames:
        cases = [(doc["id"], t) for _, doc in documents for t in doc["vedette"]["tests"]]
        ids = [
            f"{path}: {test['name']}" for path, doc in documents for test in doc["vedette"]["tests"]
        ]
        metafunc.parametrize(("rule_id", "rule_test"), cases, ids=ids)
    elif "document" in metafunc.fixturenames:
        metafunc.parametrize(("path", "document"), documents, ids=[path for path, _ in documents])
