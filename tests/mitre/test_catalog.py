"""The packaged facts hold together, and lookups say what they should."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mitre.catalog import PACKAGED, Catalog
from mitre.errors import AttackError
from mitre.technique import TACTIC_ID, TECHNIQUE_ID

V18_MATRIX = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
]


@pytest.fixture(params=[18, 19])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_it_speaks_19_and_18_and_19_is_the_default(catalog: Catalog) -> None:
    assert (catalog.version, catalog.versions) == (19, (18, 19))
    assert catalog.tactics() == catalog.tactics(19) != catalog.tactics(18)


def test_tactics_come_in_matrix_order(catalog: Catalog) -> None:
    assert [t.shortname for t in catalog.tactics(18)] == V18_MATRIX
    split = V18_MATRIX.index("defense-evasion")
    v19 = [*V18_MATRIX[:split], "stealth", "defense-impairment", *V18_MATRIX[split + 1 :]]
    assert [t.shortname for t in catalog.tactics(19)] == v19
    assert all(TACTIC_ID.fullmatch(t.id) for t in catalog.tactics())


def test_every_technique_has_a_well_formed_id_and_known_tactics(
    catalog: Catalog, version: int
) -> None:
    columns = [t.shortname for t in catalog.tactics(version)]
    for id, technique in catalog.release(version).techniques.items():
        assert id == technique.id
        assert TECHNIQUE_ID.fullmatch(id)
        assert [*technique.tactics] == sorted(technique.tactics, key=columns.index)


def test_only_the_two_techniques_whose_tactics_nobody_told_have_none(catalog: Catalog) -> None:
    bare = {
        v: [i for i, t in catalog.release(v).techniques.items() if not t.tactics] for v in (18, 19)
    }
    assert bare == {18: [], 19: ["T1682", "T1683"]}
    assert any("T1682, T1683" in line for line in json.loads(PACKAGED.read_bytes())["assumptions"])


def test_every_parent_exists_and_a_living_sub_technique_has_a_living_one(
    catalog: Catalog, version: int
) -> None:
    techniques = catalog.release(version).techniques
    for id, technique in techniques.items():
        assert (technique.parent is not None) == ("." in id)
        if technique.parent:
            assert techniques[technique.parent].parent is None
            assert techniques[technique.parent].living or not technique.living


def test_every_successor_ends_at_a_living_technique(catalog: Catalog, version: int) -> None:
    techniques = catalog.release(version).techniques
    revoked = [id for id, t in techniques.items() if t.revoked_by]
    assert len(revoked) > 100
    for id in revoked:
        end = catalog.successor(id, version)
        assert end is not None
        assert techniques[end].living


def test_nothing_that_v18_knew_is_forgotten_in_v19(catalog: Catalog) -> None:
    old, new = (catalog.release(v).techniques for v in (18, 19))
    assert set(old) < set(new)
    assert len(set(new) - set(old)) == 20


def test_defense_evasion_is_split_as_mitre_did(catalog: Catalog) -> None:
    def columns(id: str) -> tuple[str, ...]:
        technique = catalog.technique(id)
        assert technique
        return technique.tactics

    assert columns("T1027") == columns("T1027.003") == ("stealth",)
    assert columns("T1112") == ("persistence", "defense-impairment")
    assert columns("T1685.002") == ("defense-impairment",)
    # Named nowhere: kept under Stealth, and recorded as an assumption.
    assert columns("T1548.002") == ("privilege-escalation", "stealth")
    assert columns("T1059") == ("execution",)


def test_ids_are_taken_in_any_case(catalog: Catalog) -> None:
    found = catalog.technique("t1059.001")
    assert found is catalog.technique("T1059.001")
    assert found
    assert (found.name, found.parent) == ("PowerShell", "T1059")
    assert found.url == "https://attack.mitre.org/techniques/T1059/001/"
    assert catalog.successor("t1562.001") == "T1685"


def test_an_id_of_v19_is_not_in_v18(catalog: Catalog) -> None:
    assert catalog.technique("T1685", 18) is None
    assert catalog.technique("T9999") is None


@pytest.mark.parametrize("name", ["TA0008", "ta0008", "Lateral Movement", "lateral_movement"])
def test_a_tactic_is_found_by_id_name_and_shortname(
    catalog: Catalog, version: int, name: str
) -> None:
    tactic = catalog.tactic(name, version)
    assert tactic
    assert tactic.shortname == "lateral-movement"
    assert tactic.url == "https://attack.mitre.org/tactics/TA0008/"


def test_a_tactic_is_found_by_the_name_of_the_other_version(catalog: Catalog) -> None:
    def heirs(name: str, version: int) -> list[str]:
        return [t.name for t in catalog.tactic_heirs(name, version)]

    assert heirs("defense-evasion", 19) == ["Stealth", "Defense Impairment"]
    assert heirs("Stealth", 18) == heirs("TA0112", 18) == ["Defense Evasion"]
    assert heirs("stealth", 19) == ["Stealth"]
    assert heirs("nonsense", 19) == []
    assert catalog.tactic("defense evasion") == catalog.tactic("TA0005")


def test_a_successor_is_the_end_of_the_chain_or_none(catalog: Catalog) -> None:
    assert catalog.successor("T1150") == "T1647"  # through T1547.011
    assert catalog.successor("T1089", 18) == "T1562.001"
    assert catalog.successor("T1089", 19) == "T1685"
    assert catalog.successor("T1059") is None
    assert catalog.successor("T9999") is None


def test_versions_are_bridged_both_ways(catalog: Catalog) -> None:
    assert catalog.to_version("T1059", 18) == catalog.to_version("t1059", 19) == ("T1059",)
    assert catalog.to_version("T1562.004", 19) == ("T1686",)
    assert catalog.to_version("T1562.004", 18) == ("T1562.004",)
    assert catalog.to_version("T1686", 18) == ("T1562.004",)
    assert catalog.to_version("T1685", 18) == ("T1562", "T1562.001", "T1562.006")
    assert catalog.to_version("T1086", 18) == ("T1059.001",)
    assert catalog.to_version("T1683", 18) == ()
    assert catalog.to_version("T9999", 19) == ()


def test_an_id_replaced_in_v19_comes_back_from_its_successor(catalog: Catalog) -> None:
    for id, technique in catalog.release(18).techniques.items():
        (end,) = catalog.to_version(id, 19)
        back = catalog.to_version(end, 18)
        if technique.living and end != id and catalog.technique(end, 18) is None:
            assert id in back


@pytest.mark.parametrize(
    ("alerted", "wanted", "answer"),
    [
        ("T1059.001", "T1059.001", "exact"),
        ("T1059.001", "T1059", "exact"),
        ("T1059", "T1059.001", "parent"),
        ("T1059.003", "T1059.001", None),
        ("T1059", "T1003", None),
        ("t1685", "T1562.001", "exact"),
        ("T1562.001", "T1685", "exact"),
        ("T1086", "T1059.001", "exact"),
        ("T1685", "T1685.005", "parent"),
        ("T1070.001", "T1070", "exact"),  # written in v18, and so in v18
        ("T1685.005", "T1070", "exact"),  # v19's name for T1070.001
        ("T1686", "T1562", "exact"),  # T1562.004, one of T1562
        ("T1070", "T1070.001", "parent"),
        ("T1685", "T1562.004", None),  # T1685 is T1562's successor, not all of T1562
        ("T9999", "t9999", "exact"),
        ("T9999", "T1059", None),
    ],
)
def test_covers_compares_across_versions(
    catalog: Catalog, alerted: str, wanted: str, answer: str | None
) -> None:
    assert catalog.covers(alerted, wanted) == answer


def test_a_version_it_does_not_speak_is_refused_by_name(catalog: Catalog) -> None:
    with pytest.raises(AttackError, match="speaks ATT&CK v18 and v19, not v17"):
        catalog.technique("T1059", 17)


def test_the_file_is_small_and_carries_no_text_of_mitre_but_its_copyright(catalog: Catalog) -> None:
    data = PACKAGED.read_bytes()
    assert len(data) < 400_000
    assert b"description" not in data
    assert max(len(t.name) for t in catalog.release().techniques.values()) < 80
    assert catalog.source["copyright"].startswith("© 2025 The MITRE Corporation.")
    assert catalog.source["copyright"] in (PACKAGED.parent.parent / "NOTICE").read_text("utf-8")
    assert len(catalog.source["sha256"]) == len(catalog.source["delta_sha256"]) == 64


def test_it_is_parsed_fast_and_once() -> None:
    facts = json.loads(PACKAGED.read_bytes())
    best = min(_seconds(lambda: Catalog.of(facts)) for _ in range(5))
    assert best < 0.02
    assert Catalog.load() is Catalog.load()


def _seconds(work: object) -> float:
    start = time.process_time()
    assert callable(work)
    work()
    return time.process_time() - start


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "attack.json"
    path.write_bytes(PACKAGED.read_bytes())
    before = Catalog.load(path)
    facts = json.loads(PACKAGED.read_bytes())
    del facts["releases"]["19"]
    path.write_text(json.dumps(facts))
    assert before.version == 19
    assert Catalog.load(path).versions == (18,)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"releases": {}, "source": {}}', '{"releases": {"x": 1}}']
)
def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(AttackError, match=r"wrong\.json: (is not JSON|is not a catalogue)"):
        Catalog.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AttackError, match=r"none\.json: cannot be read"):
        Catalog.load(tmp_path / "none.json")


def test_no_socket_is_opened_at_import_or_in_use() -> None:
    program = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")

socket.socket = socket.create_connection = socket.getaddrinfo = refuse
from mitre.catalog import Catalog
from mitre.tags import map_tags, threat
mapping = map_tags(["attack.t1059.001", "attack.t1562", "attack.nonsense"], Catalog.load())
print(len(threat(mapping)), len(mapping.problems))
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("2 2", "")
