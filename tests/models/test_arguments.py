"""Arguments of detectors: every one has a meaning, and texts become values or are refused."""

from __future__ import annotations

import pytest

from models import registry
from models.arguments import APART, MEANINGS, arguments, parsed, written
from models.bundle.plan import DEFAULT
from models.errors import ModelError

KINDS = registry.detectors()


@pytest.mark.parametrize("name", KINDS)
def test_defaults_of_each_detector_can_be_given_and_make_one(name: str) -> None:
    told = {each.name: each.parsed(each.shown()) for each in arguments(KINDS[name]).values()}
    KINDS[name](**told)
    for each in arguments(KINDS[name]).values():
        assert written(told[each.name]) == each.shown()
        assert each.meaning.words
        assert each.expected()


def test_the_default_set_has_arguments_that_could_be_given() -> None:
    for name, told in DEFAULT.items():
        for argument, value in told.items():
            assert parsed(name, argument, written(value)) == value


def test_no_meaning_is_of_an_argument_that_there_is_not() -> None:
    there = {(name, each) for name, kind in KINDS.items() for each in arguments(kind)}
    assert set(MEANINGS) == {each for _, each in there}
    assert set(APART) <= there


@pytest.mark.parametrize(
    ("detector", "argument", "text", "value"),
    [
        ("gpt", "augment", ".1", 0.1),
        ("gpt", "view", "counts", "counts"),
        ("gpt", "budget", "400_000", 400_000),
        ("dbscan", "eps", "none", None),
        ("hdbscan", "min_samples", "3", 3),
        ("volume-arima", "order", "1,0,2", [1, 0, 2]),
        ("embedding-hdbscan", "encoder", "hashing", "hashing"),
        ("ngram", "distinct", "True", True),
        ("ngram", "distinct", "false", False),
    ],
)
def test_a_text_becomes_a_value(detector: str, argument: str, text: str, value: object) -> None:
    assert parsed(detector, argument, text) == value


@pytest.mark.parametrize(
    ("detector", "argument", "text", "said"),
    [
        ("gtp", "width", "8", "no detector is called 'gtp'; there are arima, "),
        ("gpt", "augmnt", ".1", "no argument 'augmnt'; there are view, .*: do you mean augment"),
        ("new-value", "order", "2", "new-value has no argument 'order'; it has none"),
        ("gpt", "augment", ".7", "gpt.augment is a number from 0 to 0.5, not '.7'"),
        ("gpt", "augment", "nan", "a number from 0 to 0.5, not 'nan'"),
        ("gpt", "layers", "2.5", "a whole number from 1 to 64, not '2.5'"),
        ("gpt", "view", "all", "gpt.view is one of order, counts, both, not 'all'"),
        ("ngram", "distinct", "1", "ngram.distinct is one of true, false, not '1'"),
        ("gpt", "view", "none", "one of order, counts, both, not 'none'"),
        ("dbscan", "eps", "0", "a number above 0, or none, not '0'"),
        ("invariants", "support", ".5", "a number above 0.5 to 1, not '.5'"),
        ("sparse-autoencoder", "rate", "1", "a number above 0, below 1, not '1'"),
        ("volume-arima", "order", "1,2", "3 whole numbers with commas from 0 to 64, not '1,2'"),
        ("lstm", "budget", "inf", "a whole number from 1 up, not 'inf'"),
        ("embedding-hdbscan", "encoder", "", "best, minilm, hashing, or the folder"),
    ],
)
def test_what_cannot_be_is_refused_with_what_there_is(
    detector: str, argument: str, text: str, said: str
) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        parsed(detector, argument, text)
    assert "\n" not in str(caught.value)
