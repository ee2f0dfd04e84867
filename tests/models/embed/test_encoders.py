"""Hashed n-grams, the choice of an encoder, and what is remembered of one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from models.base import Texts
from models.embed import choose, minilm
from models.embed.cache import Cached
from models.embed.encoder import Encoder, Vectors
from models.embed.hashing import Hashing
from models.errors import ModelError, StoreError
from tests.models import data

ODD = data.odd(data.Takes.TEXTS)


class Counting(Hashing):
    """Says how many texts it was asked for."""

    asked = 0

    def encode(self, texts: Texts) -> Vectors:
        self.asked += len(texts)
        return super().encode(texts)


def test_hashed_vectors_are_of_unit_length_whatever_the_text() -> None:
    found = Hashing().encode(ODD)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert isinstance(Hashing(), Encoder)
    assert Hashing().encode([]).shape == (0, 384)


def test_texts_that_share_letters_lie_closer() -> None:
    one, other, far = Hashing().encode(
        ["session opened for user root", "session closed for user root", "kernel panic: smashed"]
    )
    assert one @ other > 0.5 > 0.3 > abs(one @ far)


def test_hashed_vectors_are_the_same_on_every_machine() -> None:
    (row,) = Hashing(8).encode(["Failed password"])
    again = [0.4264, -0.4264, 0, 0.6396, 0, 0.2132, 0.4264, 0]
    assert np.allclose(row, again, atol=1e-3), row.round(4).tolist()


def test_the_best_encoder_is_minilm_or_says_that_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose.encoder().name == "minilm"
    assert choose.encoder("minilm") is choose.encoder()
    monkeypatch.setattr(minilm, "PACKAGE", "no-such-package")
    assert choose.encoder().name == "hashing"


def test_an_unknown_encoder_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(ModelError, match="hashing"):
        choose.encoder("word2vec")


def test_each_text_is_encoded_once() -> None:
    bare = Counting()
    cached = Cached(bare)
    first = cached.encode(["a b c", "d e f", "a b c"])
    assert np.array_equal(cached.encode(["d e f", "a b c", "d e f"]), first[[1, 0, 1]])
    assert np.array_equal(first, Hashing().encode(["a b c", "d e f", "a b c"]))
    assert bare.asked == 2


def test_what_was_met_first_goes_when_it_is_full() -> None:
    cached = Cached(bare := Counting(), capacity=3)
    found = cached.encode(["one", "two", "three", "four", "five"])
    assert len(cached) == 3
    assert np.array_equal(cached.encode(["five", "four", "three"]), found[[4, 3, 2]])
    assert bare.asked == 5
    cached.encode(["one"])
    assert bare.asked == 6


def test_what_was_saved_is_taken_up_by_the_same_encoder_only(tmp_path: Path) -> None:
    cached = Cached(Hashing())
    first = cached.encode(ODD)
    cached.save(tmp_path / "vectors")
    other = Cached(bare := Counting())
    assert other.load(tmp_path / "vectors") == len(ODD)
    assert np.array_equal(other.encode(ODD), first)
    assert bare.asked == 0
    assert Cached(Hashing(longest=4)).load(tmp_path / "vectors") == 0
    assert (tmp_path / "vectors").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["vectors"]


def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    cached = Cached(Hashing())
    cached.encode(["a", "b"])
    cached.save(path)
    content = path.read_bytes()
    for wrong in (b"", content[:-30], content[:200] + b"xx" + content[202:]):
        path.write_bytes(wrong)
        with pytest.raises(StoreError):
            cached.load(path)
    with pytest.raises(StoreError, match="cannot be read"):
        cached.load(tmp_path / "none")


def test_vectors_that_are_not_of_unit_length_are_refused(tmp_path: Path) -> None:
    cached = Cached(Hashing())
    cached.encode(["a"])
    cached._rows = {key: row * np.nan for key, row in cached._rows.items()}
    cached.save(tmp_path / "vectors")
    with pytest.raises(StoreError, match="no vectors of this encoder"):
        cached.load(tmp_path / "vectors")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such modes")
def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    cached = Cached(Hashing())
    cached.save(tmp_path / "vectors")
    (tmp_path / "vectors").chmod(0o666)
    with pytest.raises(StoreError, match="others may have written it"):
        cached.load(tmp_path / "vectors")
