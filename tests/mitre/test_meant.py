"""The tactic that is meant is what the texts' own tags say, not all that a technique may serve."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mitre import index
from mitre.candidates import Labels
from mitre.catalog import Catalog
from mitre.example import Example
from mitre.mapper import Mapper
from mitre.meant import FEATURES, SMOOTH, Meant

TASK = "T1053.005"
"""A technique that serves execution, persistence and privilege escalation."""

WORDS = ("office", "service", "remote", "folder", "user", "network", "browser", "update")


def examples() -> list[Example]:
    """Tasks that survive a restart and tasks that run a program, all of one technique."""
    made = []
    for at, word in enumerate(WORDS):
        for tactic, text in (("persistence", "onlogon survive restart"),
                             ("execution", "immediate program launch")):  # fmt: skip
            prose = f"scheduled task {text} by the {word}"
            made.append(Example(f"{tactic}-{at}", prose, (TASK,), prose, tactics=(tactic,)))
        prose = f"recovery copies deleted by the {word}"
        made.append(Example(f"copies-{at}", prose, ("T1490",), prose))
    return made


def test_of_a_techniques_tactics_those_are_meant_that_like_texts_are_tagged_with() -> None:
    mapper = Mapper.learn(examples(), Catalog.load(), views=("prose",))
    for tactic, text in (("persistence", "onlogon survive restart"),
                         ("execution", "immediate program launch")):  # fmt: skip
        said = mapper.answer(f"scheduled task {text}")
        assert said.techniques[0].technique == TASK
        assert said.tactics[0].tactic == tactic
        assert set(said.techniques[0].tactics) > {tactic}
    assert mapper.rank("scheduled task") == mapper.answer("scheduled task").techniques


def test_without_a_tag_the_tactics_of_the_techniques_are_meant() -> None:
    mapper = Mapper.learn(examples(), Catalog.load(), views=("prose",))
    assert mapper.answer("recovery copies deleted").tactics[0].tactic == "impact"


def test_what_no_known_text_is_like_has_no_tactic() -> None:
    mapper = Mapper.learn(examples(), Catalog.load(), views=("prose",))
    assert mapper.answer("Zwölf Boxkämpfer").tactics == ()
    assert len(mapper.answer("Zwölf Boxkämpfer", least=0.0).tactics) > 3


def test_a_kept_index_says_the_same_tactics() -> None:
    mapper = Mapper.learn(examples(), Catalog.load(), views=("prose",))
    again = index.restore(index.dump(mapper, "k"), "k", mapper.release)
    for text in ("scheduled task onlogon", "recovery copies"):
        assert again.answer(text, least=0.0) == mapper.answer(text, least=0.0)


@given(st.integers(0, 2**32 - 1))
def test_a_known_text_is_weighed_as_if_it_were_not_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted = (rng.random((12, 5)) < 0.3).astype(np.float32)
    tactics = (rng.random((5, 3)) < 0.6).astype(np.float32)
    meant = (rng.random((12, 3)) < 0.4).astype(np.float32)
    ridge, chance = rng.random(3).astype(np.float32), rng.random(4)
    found, own, families = rng.permutation(5)[:4], rng.permutation(12)[:2], np.arange(5)
    others = np.setdiff1d(np.arange(12), own)
    left = Meant(Labels(wanted[others], families, tactics, meant[others]))(ridge, found, chance)
    asked = Meant(Labels(wanted, families, tactics, meant))(ridge, found, chance, own.tolist())
    assert asked.shape == (3, FEATURES)
    np.testing.assert_allclose(asked, left, atol=1e-5)
    np.testing.assert_allclose(asked, plain(wanted[others], tactics, meant[others], ridge, found,
                                            chance), atol=1e-5)  # fmt: skip


def plain(
    wanted: np.ndarray, tactics: np.ndarray, meant: np.ndarray,
    ridge: np.ndarray, found: np.ndarray, chance: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The features, one number at a time."""
    mass = [0.0] * tactics.shape[1]
    for technique, sure in zip(found, chance, strict=True):
        serves = [t for t in range(tactics.shape[1]) if tactics[technique, t]]
        counts = {
            t: SMOOTH / len(serves)
            + sum(1.0 for w, m in zip(wanted, meant, strict=True) if w[technique] and m[t])
            for t in serves
        }
        for t in serves:
            mass[t] += sure * counts[t] / sum(counts.values())
    best = max(m + r for m, r in zip(mass, ridge, strict=True))
    return np.array([[m, r, best] for m, r in zip(mass, ridge, strict=True)])
