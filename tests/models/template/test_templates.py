"""Templates: learned, matched, kept."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from models.base import State
from models.errors import ModelError, StoreError
from models.store import pack, unpack
from models.template import forms, front
from models.template.drain import Drain
from models.template.forms import Forms
from models.template.front import Front
from models.template.mask import MASKS, VERSION, masked
from models.template.templates import Templates
from tests.models.template.conftest import Cache, only
from tests.models.template.lines import MESSAGES, UUID
from tests.models.template.reference import OURS, Reference

LINES = [
    f"connection from 10.0.0.{n % 7}:{n} {verb} by {name}"
    for n, (verb, name) in enumerate(product(("opened", "closed"), ("amy", "bob", "eve") * 30))
]


def learned(lines: list[str] = LINES) -> Templates:
    templates = Templates()
    templates.learn_all(lines)
    return templates


def test_numbers_are_in_the_order_of_first_sight() -> None:
    templates = Templates()
    assert templates.learn_all(["a b c", "x 1", "a b d", "y 2 z", "x 3"]) == [1, 2, 1, 3, 2]
    assert templates.texts() == ["a b <*>", "x <*>", "y <*> z"]
    assert templates.text(2) == "x <*>"
    assert templates.text(0) == ""
    assert templates.counts() == [0, 2, 2, 1]


def test_what_no_template_fits_is_unknown_and_not_learned() -> None:
    templates = learned(["a b c", "a b d"])
    assert templates.match_all(["a b e", "a x c", "a b", "never seen"]) == [1, 0, 0, 0]
    assert len(templates) == 1


def test_the_template_with_most_literal_words_takes_a_line() -> None:
    templates = learned(["job a b done", "job c d done", "job b b failed x", "task a b"])
    templates.learn_all(["run 1 2 3", "run fast 2 3"])
    assert templates.text(templates.match("run fast 9 9")) == "run fast <*> <*>"
    assert templates.text(templates.match("run 9 9 9")) == "run <*> <*> <*>"


def test_values_are_told_for_each_wild_place() -> None:
    templates = learned([f"[req-{UUID}] port 5 up for amy", f"[req-{UUID}] port 6 up for bob"])
    line = "[req-00000000-0000-4000-8000-000000000001] port 7 up for eve"
    assert templates.parameters(line) == ["00000000-0000-4000-8000-000000000001", "7", "eve"]
    assert templates.parameters("something else") == []


@settings(max_examples=60)
@given(MESSAGES)
def test_with_a_cache_the_answers_are_those_of_the_tree_alone(
    cache: Cache, lines: list[str]
) -> None:
    tree = Drain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "OFTEN", 2)
        patch.setattr(front, "MOST_PATTERNS", 3)
        patch.setattr(front, "MOST_FORMS", 8)
        patch.setattr(forms, "MOST_FORMS", 8)
        patch.setattr("models.template.templates.cache", only(cache))
        templates = Templates()
        for line in lines * 2:
            cluster, _ = tree.learn(tuple(masked(line).split()))
            assert cluster is not None
            assert templates.learn(line) == cluster.number
    assert templates.texts() == [" ".join(cluster.tokens) for cluster in tree.clusters]


@settings(max_examples=30)
@given(MESSAGES)
def test_what_was_learned_is_known_one_by_one_and_all_at_once(lines: list[str]) -> None:
    templates = learned(lines)
    numbers = templates.match_all(lines)
    assert 0 not in numbers
    assert numbers == [templates.match(line) for line in lines]


def test_the_groups_are_those_of_drain3(cached: None) -> None:
    reference = Reference(*OURS)
    templates = Templates()
    many = [
        line.replace("by", f"by way {n % 5} of{' Sat Jun 8' * (n % 2)}")
        for n, line in enumerate(LINES * 20)
    ]
    assert templates.learn_all(many) == reference.learn_all(many)
    assert templates.texts() == reference.texts()


def test_a_line_that_is_seen_often_no_longer_reaches_the_tree(cached: None) -> None:
    templates = learned(LINES * 3)
    templates._learning._ask = None  # type: ignore[assignment]
    templates._learning._words = None  # type: ignore[union-attr]  # of the way without C
    assert templates.learn(f"connection from 10.9.9.9:1 opened by {'amy'}") == 1


def stored(templates: Templates) -> State:
    """The state as it is after a way through JSON and npz."""
    state = templates.state()
    facts = json.loads(json.dumps(dict(state.facts)))
    return State(dict(state.parameters), facts, unpack(pack(state.arrays), "x"))


@settings(max_examples=30)
@given(MESSAGES, MESSAGES)
def test_restored_templates_go_on_as_the_first_would(before: list[str], after: list[str]) -> None:
    templates = learned(before)
    again = Templates.restore(stored(templates))
    assert again.counts() == templates.counts()
    assert again.match_all(after) == templates.match_all(after)
    assert again.learn_all(after) == templates.learn_all(after)
    assert again.texts() == templates.texts()


def test_a_date_is_told_as_it_stands() -> None:
    templates = learned([f"at Jun {n} (Sat, {n} May) 5-<*> {who}" for n in (5, 6) for who in "xy"])
    assert templates.texts() == ["at <*> (<*>) <*>-<*> <*>"]
    found = templates.parameters("at Jul  7 (Sun, 8 May 2005) 5-<*> Jan 1-")
    assert found == ["Jul  7", "Sun, 8 May 2005", "5", "Jan 1-"]


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask != VERSION])
def test_templates_of_an_earlier_mask_go_on_under_it(mask: str) -> None:
    lines = [f"up since {month} {n} and {month}" for n in range(40) for month in ("Jul", "Jun")]
    before = Templates(similarity=0.5, mask=mask)
    before.learn_all(lines)
    again = Templates.restore(stored(before))
    assert again.state().facts == before.state().facts
    assert again.state().facts["mask"] == mask
    assert again.texts() == ["up since <*> <*> and <*>"]
    assert again.match_all(["up since Tue 5 and x", "up since Jun 5 6 and x"]) == [1, 0]
    assert again.parameters("up since Jun 5 and 6") == ["Jun", "5", "6"]
    assert learned(lines).texts() == ["up since <*> and <*>"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"facts": {"mask": "other", "templates": []}},
        {"facts": {"mask": [], "templates": []}},
        {"facts": {}},
        {"parameters": {"depth": "x"}},
        {"parameters": {"similarity": 7.0}},
        {"parameters": {"command": 1}},
        {"arrays": {"counts": np.zeros(1, np.int64), "wild": np.zeros((9, 1), bool)}},
        {"arrays": {"counts": np.zeros(1, np.int64)}},
    ],
)
def test_a_state_that_does_not_hold_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        Templates.restore(replace(learned().state(), **wrong))  # type: ignore[arg-type]


def test_a_stored_template_that_is_none_is_refused() -> None:
    state = learned(["a b"]).state()
    for text in ("a  b", 5, None, "a\tb"):
        with pytest.raises(StoreError, match="template"):
            Templates.restore(replace(state, facts={**state.facts, "templates": [text]}))


@pytest.mark.shared
@pytest.mark.usefixtures("built")
def test_both_caches_give_the_same_on_recorded_lines(shared_data: Path) -> None:
    paths = sorted((shared_data / "logs" / "loghub").glob("*/*_2k.log"))[::2]
    lines = [line for path in paths for line in path.read_text("utf-8", "replace").splitlines()]
    assert len(lines) > 15_000
    found = []
    for cache in (Front, Forms):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("models.template.templates.cache", only(cache))
            templates = Templates()
        found.append((templates.learn_all(lines), templates.match_all(lines), templates.texts()))
    assert found[0] == found[1]


def test_odd_lines_are_lines(cached: None) -> None:
    odd = ["", " ", "💥🔥 5", "\x00\ud800 \u202e", "a" * 1_000_000, "x " * 500_000, "a\nb", "\n\n"]
    templates = Templates()
    numbers = templates.learn_all(odd * 40)
    assert numbers[-len(odd) :] == templates.match_all(odd) == [templates.match(o) for o in odd]
    assert 0 not in numbers
    assert max(map(len, templates.texts())) <= 8_192
    assert templates.learn_all([]) == []


def test_there_is_no_template_of_a_number_that_was_not_given() -> None:
    with pytest.raises(ModelError, match="none has the number 7"):
        learned(["a"]).text(7)


def test_when_it_is_full_new_kinds_of_lines_are_unknown() -> None:
    templates = Templates(most=2)
    assert templates.learn_all(["a b", "c", "d e f", "a b"]) == [1, 2, 0, 1]
    assert templates.counts() == [1, 2, 1]
