"""The tokenizer gives the numbers of Hugging Face's library."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from models.embed import minilm, wordpiece
from models.errors import StoreError
from tests.models.embed.texts import ODD, generated

FOLDER = minilm.folder()


@cache
def theirs() -> Tokenizer:
    found = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(minilm.LONGEST)
    return found


@cache
def ours() -> wordpiece.WordPiece:
    return wordpiece.read(FOLDER / "vocab.txt", minilm.LONGEST)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_have_the_librarys_numbers(text: str) -> None:
    assert ours().encode(text) == theirs().encode(text).ids


def test_generated_texts_have_the_librarys_numbers() -> None:
    for text in generated(3_000):
        assert ours().encode(text) == theirs().encode(text).ids, repr(text)


def test_every_character_of_common_scripts_has_the_librarys_numbers() -> None:
    codes = [*range(0x600), *range(0x1E00, 0x2E00), *range(0x3000, 0xA000, 7)]
    codes += [*range(0xAC00, 0xD7A4, 31), *range(0xF900, 0xFB00), *range(0xFF00, 0x10000)]
    codes += range(0x1F300, 0x1F700)
    rare = {*range(0x1DF6, 0x1DFC)}
    for code in set(codes) - rare:
        text = f"a{chr(code)}b"
        assert ours().encode(text) == theirs().encode(text).ids, hex(code)


def test_both_files_of_a_vocabulary_make_the_same_tokenizer() -> None:
    other = wordpiece.read_json(FOLDER / "tokenizer.json")
    assert all(other.encode(text) == ours().encode(text) for text in ODD)


def test_half_a_surrogate_pair_and_a_megabyte_are_tokenized() -> None:
    assert ours().encode("a\ud800b") == ours().encode("ab")
    assert len(ours().encode("no end " * 150_000)) == minilm.LONGEST


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("model", "type"), "BPE"),
        (("normalizer", "lowercase"), False),
        (("model", "vocab"), {"[CLS]": 0}),
        (("model", "vocab"), []),
    ],
)
def test_a_tokenizer_of_another_kind_is_refused(
    path: tuple[str, str], wrong: object, tmp_path: Path
) -> None:
    told = json.loads((FOLDER / "tokenizer.json").read_text("utf-8"))
    told[path[0]][path[1]] = wrong
    (tmp_path / "t.json").write_text(json.dumps(told))
    with pytest.raises(StoreError, match=r"t\.json"):
        wordpiece.read_json(tmp_path / "t.json")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a\nb\n"])
def test_a_file_that_is_no_vocabulary_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(StoreError, match=r"vocab\.txt"):
        wordpiece.read(tmp_path / "vocab.txt")
