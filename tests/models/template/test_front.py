"""The cache in front of templates: bounded, and told when to forget."""

from __future__ import annotations

import pytest

from models.template import front
from models.template.front import Front, skeletons
from models.template.mask import Tokens


class Asked:
    """Counts questions; the answer is how many there were."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, tokens: Tokens) -> int:
        self.count += 1
        return self.count


def test_a_form_is_asked_once() -> None:
    asked = Asked()
    answers = Front(asked).answers([f"port {n} up" for n in range(200)])
    assert set(answers) == {1}


def test_a_forgotten_length_is_asked_again_and_others_are_not() -> None:
    made = Front(Asked())
    made.answers(["port 1 up", "port 2"] * 100)
    made.forget(3)
    assert made.answers(["port 3 up", "port 3", "port 4 up"]) == [3, 2, 3]


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
