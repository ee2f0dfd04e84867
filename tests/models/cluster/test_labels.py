"""Labels say what the templates of a cluster share."""

from __future__ import annotations

from models.cluster.labels import LONGEST, label


def test_a_label_is_the_words_that_most_members_share() -> None:
    texts = ["session opened for user <*>", "session closed for user <*>", "Session reset for user"]
    assert label(texts) == "session for user"


def test_without_shared_words_it_is_the_first_text() -> None:
    assert label(["alpha beta", "gamma delta", "eps zeta"]) == "alpha beta"
    assert label(["<*>: 17"]) == "<*>: 17"


def test_a_label_is_short_and_can_be_printed() -> None:
    assert label(["x" * 500]) == "x" * (LONGEST - 1) + "…"
    assert label(["\x1b[2\x07 17\u202e"]) == "[2 17"
    assert label([]) == ""
