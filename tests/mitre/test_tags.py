"""Tags of every form become techniques and tactics of either version, and `threat.*`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mitre.catalog import Catalog
from mitre.errors import AttackError
from mitre.tags import TagMapping, map_tags, threat

CATALOG = Catalog.load()
IDS = sorted(CATALOG.release(19).techniques)


def ids(mapping: TagMapping) -> list[str]:
    return [technique.id for technique in mapping.techniques]


def names(mapping: TagMapping) -> list[str]:
    return [tactic.name for tactic in mapping.tactics]


def mapped(*tags: str, version: int | None = None) -> TagMapping:
    return map_tags(tags, CATALOG, version)


def test_every_form_of_tag_is_read() -> None:
    mapping = mapped(
        "attack.t1059.001", "ATTACK.T1053", "attack.ta0002", "attack.g0032", "attack.s0002"
    )
    assert ids(mapping) == ["T1053", "T1059.001"]
    assert names(mapping) == ["Execution"]
    assert (mapping.groups, mapping.software) == (("G0032",), ("S0002",))
    assert (mapping.version, mapping.problems, mapping.unknown) == (19, (), ())


@pytest.mark.parametrize("tag", ["attack.command-and-control", "attack.command_and_control"])
def test_tactics_are_read_with_hyphens_and_underscores(tag: str) -> None:
    assert names(mapped(tag)) == ["Command and Control"]


@pytest.mark.parametrize(
    "tag", ["cve.2021-44228", "car.2016-03-002", "detection.threat-hunting", "tlp.red", "x", ""]
)
def test_other_namespaces_say_nothing(tag: str) -> None:
    assert mapped(tag) == TagMapping(CATALOG, 19)


def test_ids_that_alerts_have_no_place_for_are_no_problem() -> None:
    assert mapped("attack.ds0017", "attack.m1018", "attack.c0024").problems == ()


def test_tactics_come_from_tags_else_from_techniques_in_matrix_order() -> None:
    assert names(mapped("attack.impact", "attack.execution", "attack.t1078")) == [
        "Execution",
        "Impact",
    ]
    assert names(mapped("attack.t1486", "attack.t1059")) == ["Execution", "Impact"]


def test_unknown_ids_are_named_once_and_kept_aside() -> None:
    mapping = mapped("attack.t9999", "attack.t9999", "attack.t1059.999", "attack.ta0099")
    assert mapping.unknown == ("T1059.999", "T9999")
    assert mapping.problems == (
        "attack.ta0099: TA0099 is no tactic of ATT&CK",
        "attack.t9999: T9999 is not in ATT&CK v19",
        "attack.t1059.999: T1059.999 is not in ATT&CK v19",
    )


def test_a_misspelt_tactic_is_named_with_the_nearest() -> None:
    (problem,) = mapped("attack.presistence").problems
    assert problem == (
        "attack.presistence: names no tactic or technique of ATT&CK; "
        "did you mean attack.persistence?"
    )


def test_a_revoked_id_becomes_its_successor_and_says_so() -> None:
    mapping = mapped("attack.t1562.001", "attack.t1086")
    assert ids(mapping) == ["T1059.001", "T1685"]
    assert mapping.problems == (
        "attack.t1562.001: T1562.001 was revoked in favour of T1685 (Disable or Modify Tools)",
        "attack.t1086: T1086 was revoked in favour of T1059.001 (PowerShell)",
    )


def test_a_deprecated_id_stays_and_says_so() -> None:
    mapping = mapped("attack.t1064")
    assert ids(mapping) == ["T1064"]
    assert mapping.problems == ("attack.t1064: T1064 (Scripting) is deprecated in ATT&CK v19",)


def test_a_living_id_of_v18_stays_in_v18() -> None:
    mapping = mapped("attack.t1562.001", "attack.t1086", version=18)
    assert ids(mapping) == ["T1059.001", "T1562.001"]
    assert len(mapping.problems) == 1  # T1086 was revoked long before


def test_ids_of_v19_are_brought_back_to_v18() -> None:
    mapping = mapped("attack.t1686", "attack.t1070", "attack.t1685.005", version=18)
    assert ids(mapping) == ["T1070", "T1070.001", "T1562.004"]
    assert mapping.problems == ()


def test_of_several_v18_ids_the_tagged_one_wins_else_the_same_name() -> None:
    assert ids(mapped("attack.t1685", "attack.t1562.006", version=18)) == ["T1562.006"]
    assert ids(mapped("attack.t1685", version=18)) == ["T1562.001"]


def test_a_new_sub_technique_falls_back_to_its_parent_in_v18() -> None:
    mapping = mapped("attack.t1686.003", version=18)
    assert ids(mapping) == ["T1562.004"]
    assert mapping.problems == (
        "attack.t1686.003: T1686.003 (Windows Host Firewall) is not in ATT&CK v18; "
        "its parent stands for it",
    )


def test_what_v18_has_no_place_for_is_unknown_there() -> None:
    mapping = mapped("attack.t1683", version=18)
    assert (ids(mapping), mapping.unknown) == ([], ("T1683",))
    assert mapping.problems == (
        "attack.t1683: T1683 (Generate Content) is not in ATT&CK v18, nor is anything in its place",
    )


def test_v19_tactics_work_in_v18() -> None:
    for tag in ("attack.stealth", "attack.defense-impairment", "attack.defense_evasion"):
        assert names(mapped(tag, version=18)) == ["Defense Evasion"]


def test_the_v18_tactic_means_the_part_its_techniques_belong_to() -> None:
    tag = "attack.defense-evasion"
    assert names(mapped(tag)) == ["Stealth"]
    assert names(mapped(tag, "attack.t1027")) == ["Stealth"]
    assert names(mapped(tag, "attack.t1562.001")) == ["Defense Impairment"]
    assert names(mapped(tag, "attack.t1027", "attack.t1112")) == ["Stealth", "Defense Impairment"]
    assert names(mapped(tag, "attack.t1059")) == ["Stealth"]


def test_a_version_the_catalogue_does_not_speak_is_refused() -> None:
    with pytest.raises(AttackError, match="not v12"):
        mapped("attack.t1059", version=12)


def test_a_hostile_tag_is_told_short_and_without_control_characters() -> None:
    for problem in mapped("attack.\x1b[2J\u202e\ud800", "attack." + "x" * 10_000).problems:
        assert problem.isprintable()
        assert len(problem) < 400


TAGS = st.one_of(
    st.text(),
    st.text().map("attack.{}".format),
    st.sampled_from(IDS).map("attack.{}".format),
    st.from_regex(r"attack\.[tT]\d{4}(\.\d{3})?", fullmatch=True),
)


@given(st.lists(TAGS), st.sampled_from([18, 19]))
def test_no_tag_raises_and_no_technique_is_lost(tags: list[str], version: int) -> None:
    mapping = map_tags(tags, CATALOG, version)
    tagged = {t.strip()[7:].upper() for t in tags if t.strip()[:7].lower() == "attack."}
    told = {*ids(mapping), *mapping.unknown}
    for id in tagged & set(IDS):
        here = CATALOG.to_version(id, version)
        parent = id.partition(".")[0]
        stands = here or CATALOG.to_version(parent, version) or (id,)
        assert told & set(stands)
    assert all(technique.living or technique.deprecated for technique in mapping.techniques)
    listed = {id for entry in threat(mapping) for id in flat(entry)}
    assert set(ids(mapping)) <= listed


def flat(entry: dict[str, Any]) -> list[str]:
    part = entry.get("technique", {})
    return [*part.get("id", []), *part.get("subtechnique", {}).get("id", [])]


def test_threat_has_the_shape_of_ecs() -> None:
    assert threat(mapped("attack.execution", "attack.t1059.001", "attack.t1204")) == [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {
                "id": ["TA0002"],
                "name": ["Execution"],
                "reference": ["https://attack.mitre.org/tactics/TA0002/"],
            },
            "technique": {
                "id": ["T1059", "T1204"],
                "name": ["Command and Scripting Interpreter", "User Execution"],
                "reference": [
                    "https://attack.mitre.org/techniques/T1059/",
                    "https://attack.mitre.org/techniques/T1204/",
                ],
                "subtechnique": {
                    "id": ["T1059.001"],
                    "name": ["PowerShell"],
                    "reference": ["https://attack.mitre.org/techniques/T1059/001/"],
                },
            },
        }
    ]


def placed(*tags: str, version: int | None = None) -> list[tuple[list[str], list[str]]]:
    entries = threat(mapped(*tags, version=version))
    return [(entry.get("tactic", {}).get("name", []), flat(entry)) for entry in entries]


def test_a_technique_stands_under_each_tagged_tactic_it_belongs_to() -> None:
    assert placed("attack.t1078", "attack.persistence", "attack.initial-access") == [
        (["Initial Access"], ["T1078"]),
        (["Persistence"], ["T1078"]),
    ]


def test_a_technique_of_no_tagged_tactic_stands_under_its_own_first() -> None:
    assert placed("attack.impact", "attack.t1078") == [
        (["Initial Access"], ["T1078"]),
        (["Impact"], []),
    ]


def test_a_technique_without_known_tactics_is_not_lost() -> None:
    assert placed("attack.t1682") == [([], ["T1682"])]
    assert placed("attack.t1682", "attack.reconnaissance") == [(["Reconnaissance"], ["T1682"])]


def test_empty_parts_are_absent() -> None:
    (entry,) = threat(mapped("attack.impact"))
    assert set(entry) == {"framework", "tactic"}
    (entry,) = threat(mapped("attack.t1486"))
    assert "subtechnique" not in entry["technique"]
    assert threat(mapped("cve.2021-44228")) == []


def test_threat_speaks_the_version_of_the_mapping() -> None:
    tags = ("attack.defense-impairment", "attack.t1685.001")
    assert placed(*tags, version=18) == [(["Defense Evasion"], ["T1562", "T1562.002"])]
    assert placed(*tags, version=19) == [(["Defense Impairment"], ["T1685", "T1685.001"])]


@pytest.mark.shared
@pytest.mark.parametrize("version", [18, 19])
def test_every_tag_of_sigmahq_maps_or_is_named(shared_data: Path, version: int) -> None:
    rules, unknown, problems = 0, Counter[str](), Counter[str]()
    for path in sorted(shared_data.glob("sigmahq/rules*/**/*.yml")):
        tags = tags_of(path)
        mapping = map_tags(tags, CATALOG, version)
        rules += bool(tags)
        unknown.update(mapping.unknown)
        problems.update(mapping.problems)
        told = {*ids(mapping), *mapping.unknown}
        for tag in tags:
            named = any(problem.startswith(f"{tag}: ") for problem in mapping.problems)
            if tag.startswith("attack.t1"):
                here = CATALOG.to_version(tag[7:], version)
                assert named or told & set(here)
            elif tag.startswith("attack."):
                assert named or mapping.tactics or mapping.groups or mapping.software
    print(f"v{version}: {rules} rules with tags, {unknown.total()} unknown ids {dict(unknown)}")
    print(f"v{version}: {len(problems)} problems: {problems.most_common(10)}")
    assert rules > 3000
    # What stays unknown is in neither of the tables that the catalogue was made from.
    assert not [id for id in unknown if CATALOG.to_version(id, version)]


def tags_of(path: Path) -> list[str]:
    # Only the block of tags: parsing 3,000 whole rules would take the time of all other tests.
    lines = path.read_text("utf-8").splitlines()
    if "tags:" not in lines:
        return []
    block = lines[lines.index("tags:") :]
    end = next((i for i, line in enumerate(block[1:], 1) if line[:1] not in " \t-#"), len(block))
    return [str(tag) for tag in yaml.safe_load("\n".join(block[:end]))["tags"]]
