"""The caches in front of templates, in Python and with C: bounded, and told when to forget."""

from __future__ import annotations

import pytest

from models.template import forms, front
from models.template.forms import Forms
from models.template.front import Front, skeletons
from models.template.mask import Tokens
from tests.models.template.conftest import Cache


class Asked:
    """Counts questions; the answer is how many there were."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, tokens: Tokens) -> int:
        self.count += 1
        return self.count


def test_a_form_is_asked_once(cache: Cache) -> None:
    made = cache(Asked())
    assert set(made.answers([f"port {n} up" for n in range(200)])) == {1}
    assert made.answer("port 200 up") == 1


def test_a_forgotten_length_is_asked_again_and_others_are_not(cache: Cache) -> None:
    made = cache(Asked())
    made.answers(["port 1 up", "port 2"] * 100)
    for length in (3, 7):
        made.forget(length)
    assert made.answers(["port 3 up", "port 3", "port 4 up"]) == [3, 2, 3]
    made.forget(3)
    assert [made.answer("port 5 up"), made.answer("port 5"), made.answer("")] == [4, 2, 5]


def test_what_is_forgotten_while_it_is_asked_is_remembered_as_it_is_then(cache: Cache) -> None:
    told = iter(range(1, 9))

    def ask(tokens: Tokens) -> int:
        if tokens[0] == "b":
            made.forget(2)
        return next(told)

    made = cache(ask)
    assert made.answers(["a x", "b x", "a x", "b x"]) == [1, 2, 3, 2]


def test_an_error_of_whoever_is_asked_is_raised_and_nothing_remembered(cache: Cache) -> None:
    told = iter([1])
    made = cache(lambda tokens: next(told))
    assert made.answer("a") == 1
    for _ in range(2):
        with pytest.raises(StopIteration):
            made.answers(["a", "b"])
    assert made.answer("a") == 1


@pytest.mark.usefixtures("built")
def test_remembered_forms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST_FORMS", 10)
    asked = Asked()
    made = Forms(asked)
    made.answers([f"user {'x' * number}" for number in range(95)])
    assert len(made._known) == sum(map(len, made._lengths.values())) == 5
    made.answers(["y" * (forms.LONGEST_FORM + 1)] * 3)
    assert len(made._known) == 5
    assert asked.count == 95 + 3


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "OFTEN", 1)
    monkeypatch.setattr(front, "MOST_PATTERNS", 50)
    monkeypatch.setattr(front, "MOST_FORMS", 100)
    made = Front(Asked())
    for number in range(1_000):
        word = "".join("ghijklmnop"[int(digit)] for digit in str(number))
        made.answers([f"user {word} {number}"] * 3)
    assert sum(map(len, made._patterns.values())) <= 50
    assert len(made._forms) <= 100
    assert sum(map(len, made._lengths.values())) == len(made._forms)


def test_an_evicted_pattern_is_made_again_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front, "OFTEN", 1)
    monkeypatch.setattr(front, "MOST_PATTERNS", 1)
    made = Front(Asked())
    assert made.answers(["x 1", "yy 1", "x 2", "yy 2", "x 3"]) == [1, 2, 1, 2, 1]


def test_a_line_break_inside_a_line_does_not_shift_the_others() -> None:
    assert len(skeletons(["a\nb", "c"])) == 2
    assert Front(len).answers(["a\nb", "c", "d e f", "g\n"]) == [2, 1, 3, 1]


def test_skeletons_leave_out_what_values_are_made_of() -> None:
    assert skeletons(["port 5 up", "port -17.3 up"]) == [b"port  up", b"port  up"]
