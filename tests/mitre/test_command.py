"""`vedette mitre` says what it did and what it knows, and names what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.errors import InputError
from mitre.catalog import PACKAGED, Catalog
from mitre.descriptions import descriptions, load
from mitre.errors import AttackError
from vedette.cli.mitre import command


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(
        command, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    return result.output


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def bundle_file(tmp_path: Path, bundle: dict[str, Any]) -> Path:
    path = tmp_path / "enterprise-attack-7.json"
    path.write_text(json.dumps(bundle))
    return path


@pytest.fixture
def delta_file(tmp_path: Path, delta: dict[str, Any]) -> Path:
    path = tmp_path / "delta.json"
    path.write_text(json.dumps(delta))
    return path


def test_update_writes_a_catalogue_and_says_what_is_in_it(
    tmp_path: Path, bundle_file: Path, delta_file: Path
) -> None:
    out = tmp_path / "out.json"
    text = run("update", bundle_file, "--delta", delta_file, "--output", out)
    catalog = Catalog.load(out)
    assert catalog.versions == (7, 8)
    assert f"Wrote {out}" in text
    assert catalog.source["sha256"] in text
    assert catalog.source["delta_sha256"] in text
    assert "v7     2 tactics, 4 techniques, 1 sub-techniques; 1 revoked, 1 deprecated" in text
    assert "v8     3 tactics, 5 techniques, 2 sub-techniques; 2 revoked, 1 deprecated" in text
    assert "v18: no longer spoken" in text
    assert "no tactic is known for T0011" in text


def test_update_says_when_nothing_changed(
    tmp_path: Path, bundle_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.json"
    run("update", bundle_file, "--output", out)
    same = Catalog.load(out)
    monkeypatch.setattr(Catalog, "load", lambda: same)
    assert "No change against the present catalogue" in run("update", bundle_file, "--output", out)


def test_update_asks_for_a_version_that_nothing_states(tmp_path: Path, bundle_file: Path) -> None:
    nameless = bundle_file.rename(tmp_path / "bundle.json")
    with pytest.raises(InputError, match=r"bundle\.json: does not say .*--attack-version"):
        run("update", nameless, "--output", tmp_path / "out.json")
    text = run("update", nameless, "--attack-version", "7", "--output", tmp_path / "out.json")
    assert "ATT&CK v7" in text


def test_update_names_the_file_at_fault_and_leaves_the_catalogue(
    tmp_path: Path, bundle_file: Path, delta_file: Path
) -> None:
    before = PACKAGED.read_bytes()
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        run("update", tmp_path / "none.json")
    with pytest.raises(InputError, match=r"delta\.json: is not a STIX bundle"):
        run("update", delta_file, "--attack-version", "7")
    delta_file.write_text('{"revoked_by": {"T0001": "T0099"}}')
    with pytest.raises(InputError, match=r"delta\.json: revoked_by: T0001"):
        run("update", bundle_file, "--delta", delta_file)
    assert PACKAGED.read_bytes() == before


def test_show_tells_a_revoked_technique_its_successor() -> None:
    text = run("show", "t1562.001")
    assert text.startswith("T1562.001  Disable or Modify Tools\n")
    assert "revoked        use T1685 Disable or Modify Tools" in text
    assert "parent         T1562 Impair Defenses" in text
    assert "https://attack.mitre.org/techniques/T1562/001/" in text


def test_show_tells_several_ids_in_the_version_asked_for() -> None:
    text = run("show", "T1562.001", "TA0005", "--attack-version", "18")
    assert "revoked" not in text
    assert "in v19         T1685" in text
    assert "TA0005  Defense Evasion" in text


def test_show_lists_sub_techniques_and_finds_tactics_by_name() -> None:
    text = run("show", "T1685", "defense impairment")
    assert "sub-techniques T1685.001 Disable or Modify Windows Event Log" in text
    assert "in v18         T1562, T1562.001, T1562.006" in text
    assert "tag            attack.defense-impairment" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["T1059.999"], "T1059.999 is neither .* did you mean 'T1059"),
        (["execusion"], "did you mean 'execution'"),
        (["T1686", "--attack-version", "18"], r"T1686 is in ATT&CK v19, not v18; .* T1562\.004"),
        (["T1683", "--attack-version", "18"], "T1683 is in ATT&CK v19, not v18$"),
        (["T1059", "--attack-version", "3"], "speaks ATT&CK v18 and v19, not v3"),
    ],
)
def test_show_names_what_it_does_not_know(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("show", *arguments)


@pytest.mark.parametrize("name", [[], ["update"], ["show"]])
def test_help_reads_well(name: list[str]) -> None:
    text = run(*name, "--help")
    assert "ATT&CK" in text
    assert max(map(len, text.splitlines())) <= 80


def test_update_keeps_descriptions_in_the_users_state_directory(
    tmp_path: Path, bundle_file: Path
) -> None:
    text = run("update", bundle_file, "--output", tmp_path / "out.json")
    place = tmp_path / "state" / "vedette" / "mitre" / "descriptions.json"
    assert f"Wrote {place}" in text.splitlines()[-1]
    assert place.is_file()


def test_update_keeps_descriptions_in_a_state_directory_and_leaves_the_catalogue_alone(
    tmp_path: Path, bundle_file: Path
) -> None:
    before = PACKAGED.read_bytes()
    text = run("update", bundle_file, "--keep-catalogue", "--state-dir", tmp_path / "state")
    place = tmp_path / "state" / "mitre" / "descriptions.json"
    assert f"Wrote {place}: descriptions of 5 techniques" in text
    assert load(place)["T0001"] == "a text that is not a fact"
    assert PACKAGED.read_bytes() == before


def test_links_and_citations_are_no_part_of_a_description() -> None:
    text = "Uses [LSASS](https://attack.mitre.org/x) <code>here</code>.(Citation: Someone 2020)"
    found = descriptions({
        "objects": [
            {
                "type": "attack-pattern",
                "description": text,
                "external_references": [{"source_name": "mitre-attack", "external_id": "T0001"}],
            }
        ]
    })  # fmt: skip
    assert found == {"T0001": "Uses LSASS here."}
    with pytest.raises(AttackError, match="no description"):
        descriptions({"objects": []})
