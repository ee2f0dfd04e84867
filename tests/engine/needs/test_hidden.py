"""Values below objects whose names no mapping tells."""

from __future__ import annotations

import pytest

from engine.match.pattern import Pattern
from engine.match.predicates import Text
from engine.needs import test as tests
from engine.needs.places import Places

WORD = tests.Test(Text(Pattern(("", "mimikatz", ""))))


@pytest.mark.parametrize(
    ("hidden", "field", "told"),
    [
        ("labels", "Image", {"Image"}),
        ("winlog.event_data", "Image", None),
        ("winlog", "Image", None),
        ("process", "Image", None),
        ("process", "Details", {"Details"}),
        ("user", "User", None),
        ("a b", "ab.c", None),
        ("", "Image", None),
    ],
)
def test_a_field_that_may_come_from_below_is_not_known(
    hidden: str, field: str, told: set[str] | None
) -> None:
    places = Places({"Image", "Details", "User"}, {hidden} - {""}, {hidden})
    assert places.of(field) == told
    assert places.words(WORD) is None


def test_an_envelope_that_is_hidden_hides_everything() -> None:
    assert Places({"Image"}, {"Event"}, {"Event"}).of("Image") is None
    assert Places({"Image"}, {"Other"}, {"Other"}).of("Image") == {"Image"}
