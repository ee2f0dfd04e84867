"""Company raises what goes together, within bounds; a rule's tags are certain."""

from __future__ import annotations

import pytest

from mitre.catalog import Catalog
from mitre.example import Example
from mitre.incident import BOUND, Company, merged
from mitre.ranked import Ranked, tactic

RULES = [Example(str(n), "t", ("T1003.001", "T1021.002")) for n in range(30)] + [
    Example(str(n), "t", ("T1123",)) for n in range(30, 60)
]


def ranked(catalog: Catalog, **confidence: float) -> tuple[Ranked, ...]:
    known = catalog.release().techniques
    ids = {name.replace("_", "."): sure for name, sure in confidence.items()}
    return tuple(Ranked(id, known[id].name, known[id].tactics, sure) for id, sure in ids.items())


def test_what_goes_with_a_neighbour_overtakes_what_does_not(catalog: Catalog) -> None:
    company = Company(RULES, catalog.release())
    before = ranked(catalog, T1123=0.42, T1003_001=0.40)
    after = company.rerank(before, ["T1021.002"])
    assert [each.technique for each in after] == ["T1003.001", "T1123"]
    assert after[0].confidence > 0.40
    assert after[1].confidence < 0.42
    assert {each.source for each in after} == {"mapper and incident"}


def test_the_same_technique_at_a_neighbour_raises_most(catalog: Catalog) -> None:
    company = Company([], catalog.release())
    same, family, other = (
        company.rerank(ranked(catalog, T1003_001=0.4), [id])[0].confidence
        for id in ("T1003.001", "T1003.002", "T1123")
    )
    assert same > family > other


def test_odds_change_within_the_bound_however_many_neighbours_there_are(catalog: Catalog) -> None:
    company = Company(RULES, catalog.release())
    for id, start in (("T1003.001", 0.3), ("T1123", 0.3)):
        only = ranked(catalog, **{id.replace(".", "_"): start})
        sure = company.rerank(only, ["T1021.002", "T1003.001"] * 50)[0].confidence
        ratio = sure / (1 - sure) / (start / (1 - start))
        assert 1 / BOUND - 0.01 <= ratio <= BOUND + 0.01


@pytest.mark.parametrize("neighbours", [[], ["T9999"], ["nonsense"]])
def test_without_a_known_neighbour_all_stays_as_it_was(
    catalog: Catalog, neighbours: list[str]
) -> None:
    before = ranked(catalog, T1123=0.5, T1003_001=0.4)
    assert Company(RULES, catalog.release()).rerank(before, neighbours) == before


def test_tags_win_over_the_mapper(catalog: Catalog) -> None:
    guessed = ranked(catalog, T1123=0.9)
    assert merged([], guessed) == guessed
    (told,) = merged([catalog.release().techniques["T1003.001"]], guessed)
    assert (told.technique, told.confidence, told.source) == ("T1003.001", 1.0, "tags")


def test_the_tactic_is_the_one_with_most_confidence(catalog: Catalog) -> None:
    assert tactic(ranked(catalog, T1003_001=0.4, T1558_003=0.3, T1123=0.5)) == "credential-access"
    assert tactic(()) is None
