"""A small ATT&CK made up for the tests: one bundle of release 7 and a table of what 8 changed."""

from __future__ import annotations

from typing import Any

import pytest

from mitre.catalog import Catalog


def _reference(id: str) -> list[dict[str, str]]:
    return [{"source_name": "mitre-attack", "external_id": id}]


def _tactic(id: str, name: str) -> dict[str, Any]:
    return {
        "type": "x-mitre-tactic",
        "id": f"x-mitre-tactic--{id}",
        "name": name,
        "x_mitre_shortname": name.lower().replace(" ", "-"),
        "external_references": _reference(id),
    }


def _technique(id: str, name: str, *tactics: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "attack-pattern",
        "id": f"attack-pattern--{id}",
        "name": name,
        "description": "a text that is not a fact",
        "kill_chain_phases": [
            {"kill_chain_name": "mitre-attack", "phase_name": t} for t in tactics
        ],
        "external_references": _reference(id),
        **more,
    }


def _relation(kind: str, source: str, target: str) -> dict[str, Any]:
    return {
        "type": "relationship",
        "relationship_type": kind,
        "source_ref": f"attack-pattern--{source}",
        "target_ref": f"attack-pattern--{target}",
    }


@pytest.fixture
def bundle() -> dict[str, Any]:
    return {
        "type": "bundle",
        "objects": [
            _tactic("TA0002", "Defense Evasion"),
            _tactic("TA0001", "Entry Point"),
            {
                "type": "x-mitre-matrix",
                "tactic_refs": ["x-mitre-tactic--TA0001", "x-mitre-tactic--TA0002"],
                "external_references": _reference("enterprise-attack"),
            },
            _technique("T0002", "Hide", "defense-evasion", "entry-point"),
            _technique("T0002.001", "Hide Well", "defense-evasion"),
            _technique("T0003", "Break", "defense-evasion"),
            _technique("T0001", "Enter", "entry-point"),
            _technique("T0004", "Hide Once", "defense-evasion", revoked=True),
            _technique("T0005", "Knock", "entry-point", x_mitre_deprecated=True),
            _technique("T0006", "Linger", "defense-evasion"),
            _relation("subtechnique-of", "T0002.001", "T0002"),
            _relation("revoked-by", "T0004", "T0002.001"),
            {"type": "marking-definition", "definition": {"statement": "Copyright, the tests."}},
        ],
    }


@pytest.fixture
def delta() -> dict[str, Any]:
    return {
        "about": "Changes from ATT&CK v7 to v8",
        "tactics": [
            {"id": "TA0002", "name": "Calm", "shortname": "calm", "was": "Defense Evasion"},
            {"id": "TA0009", "name": "Harm", "shortname": "harm", "was": "part of Defense Evasion"},
        ],
        "new_techniques": {"T0010": "Wreck", "T0010.001": "Wreck It", "T0011": "Muse"},
        "revoked_by": {"T0003": "T0010.001"},
        "former_defense_evasion": {"calm": ["T0002"], "harm": ["T0010"]},
    }


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.load()
