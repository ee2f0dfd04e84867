"""Tuning on a site's own lines: pairs, the table before and after, what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.cluster.texts import EmbeddingHdbscan
from models.embed import choose, minilm
from models.embed.hashing import Hashing
from models.embed.pairs import pairs, skeleton
from models.embed.retrieval import retrieval, table
from models.embed.tune import MANIFEST, Tuning, load, tune
from models.errors import DataError, StoreError

FOLDER = minilm.folder()


def lines(count: int, seed: int) -> tuple[list[str], list[int]]:
    """Lines of templates that differ by one word, and the template of each."""
    rng = np.random.default_rng(seed)
    templates = [
        "unit {} entered state running on node {}",
        "unit {} entered state stopped on node {}",
        "unit {} entered state waiting on disk {}",
        "user {} changed the quota of node {}",
        "user {} changed the owner of node {}",
    ]
    kinds = rng.integers(len(templates), size=count).tolist()
    return [templates[kind].format(*rng.integers(1, 9999, 2)) for kind in kinds], kinds


def test_a_skeleton_is_what_lines_of_a_template_share() -> None:
    assert skeleton("from 10.0.0.7 port 22 id 0xFF") == skeleton("from 1.2.3.4 port 9 id 0x1")
    assert skeleton("user root") != skeleton("user bob")


def test_pairs_share_a_skeleton_and_each_is_drawn_as_often() -> None:
    texts, _ = lines(50, 0)
    made = pairs([*texts, "no parameters here"], 60, np.random.default_rng(0))
    assert len(made) == 60
    assert all(skeleton(one) == skeleton(other) for one, other in made)
    first = [skeleton(one) for one, _ in made]
    assert {first.count(each) for each in {*first}} == {10}
    assert any(one != other for one, other in made)
    assert ("no parameters here", "no parameters here") in made


def test_retrieval_is_perfect_for_lines_that_repeat_and_poor_for_noise() -> None:
    texts = ["alpha beta gamma"] * 3 + ["one two three"] * 3
    found = retrieval(Hashing(), texts, [0, 0, 0, 1, 1, 1])
    assert (found.first, found.precision) == (1, 1)
    mixed = retrieval(Hashing(), texts, [0, 1, 0, 1, 0, 1])
    assert mixed.precision < 0.7
    assert "0.000" not in table([("hashing", found)])


@pytest.mark.parametrize("templates", [[0, 0, 0], [0, 1, 2], [0, 0]])
def test_retrieval_needs_templates_that_compare(templates: list[int]) -> None:
    with pytest.raises(DataError):
        retrieval(Hashing(), ["a", "b", "c"], templates)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    folder, losses = tmp_path_factory.mktemp("tuned"), list[float]()
    texts, _ = lines(200, 0)
    tuning = Tuning(steps=8, batch=5, rate=2e-4)
    tune(texts, FOLDER, folder, tuning, lambda _, loss: losses.append(loss), "cpu")
    return folder, losses


def test_lines_of_a_template_lie_closer_after_tuning(tuned: tuple[Path, list[float]]) -> None:
    folder, losses = tuned
    texts, kinds = lines(60, 1)
    before = retrieval(minilm.load(FOLDER), texts, kinds)
    after = retrieval(load(folder), texts, kinds)
    assert after.precision > before.precision + 0.05
    assert after.apart > before.apart
    assert len(losses) == 8


def test_a_tuned_encoder_is_chosen_by_its_folder(tuned: tuple[Path, list[float]]) -> None:
    name = str(tuned[0])
    assert choose.encoder(name).name == name
    assert choose.encoder(name).fingerprint != choose.encoder("minilm").fingerprint
    model = EmbeddingHdbscan(name).fit(lines(30, 2)[0])
    restored = EmbeddingHdbscan.restore(model.state())
    assert np.array_equal(restored.score(["a b"]), model.score(["a b"]))


def test_an_altered_encoder_is_refused(tuned: tuple[Path, list[float]], tmp_path: Path) -> None:
    for each in tuned[0].iterdir():
        (tmp_path / each.name).symlink_to(each)
    vocabulary = tmp_path / minilm.VOCABULARY
    content = vocabulary.read_bytes()
    vocabulary.unlink()
    vocabulary.write_bytes(content + b"x\n")
    with pytest.raises(StoreError, match="not the file that the manifest describes"):
        load(tmp_path)
    for wrong in (b"", b"[]", b"{}", b'{"files": 3}'):
        (tmp_path / MANIFEST).unlink()
        (tmp_path / MANIFEST).write_bytes(wrong)
        with pytest.raises(StoreError, match="manifest"):
            load(tmp_path)
