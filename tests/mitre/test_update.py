"""The facts are built from a bundle and a table of changes, and refuse what is neither."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mitre.bundle import bundle_version, read
from mitre.catalog import PACKAGED, Catalog
from mitre.changes import changes
from mitre.errors import AttackError
from mitre.update import build, dump, facts_from_files, write

Json = dict[str, Any]


def made(bundle: Json, delta: Json | None = None) -> Catalog:
    return Catalog.of(build(bundle, delta, version=7, sha256="0" * 64))


def test_a_bundle_alone_gives_its_own_version(bundle: Json) -> None:
    catalog = made(bundle)
    assert catalog.versions == (7,)
    assert [t.name for t in catalog.tactics()] == ["Entry Point", "Defense Evasion"]
    hide = catalog.technique("T0002")
    assert hide
    assert (hide.name, hide.tactics) == ("Hide", ("entry-point", "defense-evasion"))
    assert catalog.successor("T0004") == "T0002.001"
    knock = catalog.technique("T0005")
    assert knock
    assert knock.deprecated


def test_a_table_of_changes_gives_the_next_version_too(bundle: Json, delta: Json) -> None:
    catalog = made(bundle, delta)
    tactics = {id: t.tactics for id, t in catalog.release(8).techniques.items()}
    assert [t.shortname for t in catalog.tactics(8)] == ["entry-point", "calm", "harm"]
    assert tactics == {
        "T0001": ("entry-point",),
        "T0002": ("entry-point", "calm"),
        "T0002.001": ("calm",),  # follows its parent
        "T0003": ("harm",),  # follows its successor
        "T0004": ("calm",),
        "T0005": ("entry-point",),
        "T0006": ("calm",),  # assumed: the table is silent
        "T0010": ("harm",),
        "T0010.001": ("harm",),
        "T0011": (),
    }
    assert catalog.technique("T0003", 7) != catalog.technique("T0003", 8)
    assert catalog.to_version("T0010.001", 7) == ("T0003",)


def test_what_the_table_leaves_open_is_recorded(bundle: Json, delta: Json) -> None:
    assumed = build(bundle, delta, version=7, sha256="")["assumptions"]
    assert assumed[0].endswith("beside their other tactics: T0006")
    assert assumed[1] == "v8: no tactic is known for T0011"


def test_facts_hold_no_descriptions_and_only_what_changed(bundle: Json, delta: Json) -> None:
    facts = build(bundle, delta, version=7, sha256="")
    assert b"a text that is not a fact" not in dump(facts)
    assert "T0001" not in facts["releases"]["8"]["techniques"]
    assert facts["source"]["statement"] == "Copyright, the tests."


def test_the_dump_is_json_with_one_technique_a_line(bundle: Json, delta: Json) -> None:
    facts = build(bundle, delta, version=7, sha256="")
    text = dump(facts).decode()
    assert json.loads(text) == facts
    assert '"T0001":{"name":"Enter","tactics":["entry-point"]},' in text.splitlines()
    assert dump(build(bundle, delta, version=7, sha256="")).decode() == text


def test_order_in_the_bundle_does_not_matter(bundle: Json, delta: Json) -> None:
    before = dump(build(bundle, delta, version=7, sha256=""))
    bundle["objects"].reverse()
    assert dump(build(bundle, delta, version=7, sha256="")) == before


def test_of_two_techniques_with_one_id_the_living_one_stands(bundle: Json) -> None:
    dead = {**bundle["objects"][6], "id": "attack-pattern--x", "name": "Old", "revoked": True}
    for place in (0, len(bundle["objects"])):
        objects = [*bundle["objects"]]
        objects.insert(place, dead)
        technique = made({**bundle, "objects": objects}).technique("T0001")
        assert technique
        assert (technique.name, technique.living) == ("Enter", True)


def test_techniques_of_other_domains_are_left_out(bundle: Json) -> None:
    bundle["objects"][6]["x_mitre_domains"] = ["mobile-attack"]
    assert made(bundle).technique("T0001") is None


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_files_are_read_plain_and_packed_with_one_hash(
    tmp_path: Path, bundle: Json, pack: Any
) -> None:
    data = json.dumps(bundle).encode()
    path = tmp_path / "any-name"
    path.write_bytes(pack(data))
    assert read(path) == (bundle, hashlib.sha256(data).hexdigest())


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(b" " * 3_000_000))
    with pytest.raises(AttackError, match=r"bomb\.json\.zst: holds more than 2 MiB"):
        read(path, max_bytes=2 * 2**20)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"\x1f\x8bxx", "cannot be"),
        (gzip.compress(b"{}", mtime=0)[:12], "cannot be decompressed"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 20, "cannot be decompressed"),
    ],
)
def test_a_file_that_is_no_json_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(data)
    with pytest.raises(AttackError, match=rf"wrong\.json: {reason}"):
        read(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(AttackError, match="cannot be read"):
            read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "is not a STIX bundle"),
        ({"type": "bundle", "objects": {}}, "is not a STIX bundle"),
        ({"type": "bundle", "objects": [3, None, {}]}, "holds no ATT&CK Enterprise matrix"),
    ],
)
def test_a_file_that_is_no_bundle_is_named(tmp_path: Path, content: Json, reason: str) -> None:
    path = tmp_path / "attack-7.json"
    path.write_text(json.dumps(content))
    with pytest.raises(AttackError, match=rf"attack-7\.json: {reason}"):
        facts_from_files(path)


def test_a_bundle_without_techniques_is_refused(bundle: Json) -> None:
    bundle["objects"] = [o for o in bundle["objects"] if o["type"] != "attack-pattern"]
    with pytest.raises(AttackError, match="holds no ATT&CK Enterprise technique"):
        made(bundle)


def test_a_wrong_type_is_named_with_its_object(bundle: Json) -> None:
    bundle["objects"][6]["name"] = ["x"]
    with pytest.raises(AttackError, match="attack-pattern--T0001: name is not a text"):
        made(bundle)
    bundle["objects"][6] |= {"name": "Enter", "kill_chain_phases": 3}
    with pytest.raises(AttackError, match="T0001: kill_chain_phases is not a list"):
        made(bundle)


def test_revocations_in_a_circle_are_refused(bundle: Json, delta: Json) -> None:
    delta["revoked_by"] |= {"T0001": "T0006", "T0006": "T0001"}
    with pytest.raises(AttackError, match="revocations lead nowhere"):
        made(bundle, delta)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("about", "from v3 to v4", "leads from v3 to v4, but the bundle is v7"),
        ("tactics", {}, "tactics is not a list"),
        ("tactics", ["x"], "an entry is not an object"),
        ("tactics", [{"id": "TA1", "name": "A", "shortname": "a"}], "TA1 needs"),
        ("tactics", [dict.fromkeys(("name", "shortname"), "x") | {"id": "TA0001",
            "was": "Defense Evasion"}], "two have the same id"),
        ("new_techniques", {"T0001": "Again"}, "T0001 is no technique id, or not new"),
        ("new_techniques", {"T0020.001": "Alone"}, r"T0020\.001 has no parent"),
        ("new_techniques", {"T0020": 3}, "new_techniques is not an object of texts"),
        ("revoked_by", {"T0001": "T0099"}, "T0001 → T0099 names an id"),
        ("former_defense_evasion", {"nowhere": []}, "nowhere is no tactic"),
        ("former_defense_evasion", [], "is not an object of lists"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(
    bundle: Json, delta: Json, key: str, value: object, reason: str
) -> None:
    with pytest.raises(AttackError, match=reason):
        made(bundle, {**delta, key: value})


def test_the_version_comes_from_the_collection_or_the_file_name(bundle: Json) -> None:
    assert bundle_version(bundle, "enterprise-attack-18.1.json") == 18
    collection = {"type": "x-mitre-collection", "x_mitre_version": "17.1"}
    told = {**bundle, "objects": [*bundle["objects"], collection]}
    assert bundle_version(told, "enterprise-attack-18.json") == 17
    with pytest.raises(AttackError, match="does not say which ATT&CK version"):
        bundle_version(bundle, "bundle-3.json")


def test_writing_replaces_whole_files_or_names_the_place(tmp_path: Path, bundle: Json) -> None:
    path = tmp_path / "attack.json"
    path.write_text("old")
    facts = build(bundle, version=7, sha256="")
    write(facts, path)
    assert path.read_bytes() == dump(facts)
    assert [p.name for p in tmp_path.iterdir()] == ["attack.json"]
    with pytest.raises(AttackError, match=r"nowhere/attack\.json: cannot be written"):
        write(facts, tmp_path / "nowhere" / "attack.json")


def test_changes_between_catalogues_are_told(bundle: Json, delta: Json) -> None:
    before = made(bundle, delta)
    assert changes(before, before) == []
    objects = bundle["objects"]
    objects[6] |= {"name": "Enter Twice"}
    objects[4] |= {"revoked": True}
    objects.append({**objects[6], "external_references": [
        {"source_name": "mitre-attack", "external_id": "T0007"}]})  # fmt: skip
    assert changes(before, made(bundle)) == [
        "v8: no longer spoken",
        "v7: new techniques: T0007",
        "v7: renamed: T0001",
        "v7: revoked or deprecated otherwise than before: T0002.001",
    ]
    assert changes(made(bundle), before)[0] == "v8: new in the catalogue"


@pytest.mark.shared
def test_the_packaged_facts_are_those_of_the_public_bundle(shared_data: Path) -> None:
    folder = shared_data / "attack"
    facts = facts_from_files(folder / "enterprise-attack-18.json.zst", folder / "v18-to-v19.json")
    assert dump(facts) == PACKAGED.read_bytes()
    licence = (folder / "LICENSE.txt").read_text("utf-8")
    assert facts["source"]["copyright"] in licence
