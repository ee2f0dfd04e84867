"""Texts to the numbers of word pieces, as the uncased BERT models do it.

WordPiece: Schuster, Nakajima: Japanese and Korean Voice Search (2012); the rules are those of
Hugging Face's `tokenizers` (BertNormalizer, BertPreTokenizer, WordPiece), whose numbers these are.
The two differ for some hundred characters of rare scripts, younger than that library's Unicode.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.errors import StoreError

LONGEST_WORD = 100
"""Characters; a longer word is unknown."""

REMEMBERED = 100_000
"""Words whose pieces are kept."""

_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""The blocks whose characters are words of their own."""

_CONTROLS = ("Cc", "Cf", "Co", "Cs")
_ASCII_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class WordPiece:
    """The tokenizer of one vocabulary."""

    def __init__(self, vocabulary: Mapping[str, int], longest: int = 256) -> None:
        """`longest` bounds the numbers of one text, the two at its ends included."""
        self._vocabulary = dict(vocabulary)
        self._longest = longest
        self._unknown, self._start, self._end = (
            self._vocabulary[each] for each in ("[UNK]", "[CLS]", "[SEP]")
        )
        special = [
            each for each in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if each in vocabulary
        ]
        # A text may hold these as they are: so do the library's numbers.
        self._special = re.compile("(" + "|".join(map(re.escape, special)) + ")")
        self._characters = _Characters()
        self._words: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return 1 + max(self._vocabulary.values())

    def encode(self, text: str) -> list[int]:
        """The numbers of `text`, between those that mark its start and end."""
        found: list[int] = []
        most = self._longest - 2
        for at, part in enumerate(self._special.split(text)):
            if at % 2:
                found.append(self._vocabulary[part])
            else:
                self._add(part, found, most)
            if len(found) >= most:
                break
        return [self._start, *found[:most], self._end]

    def _add(self, text: str, found: list[int], most: int) -> None:
        words = self._words
        for word in text.translate(self._characters).split():
            pieces = words.get(word)
            if pieces is None:
                pieces = self._pieces(word)
                if len(words) < REMEMBERED:
                    words[word] = pieces
            found += pieces
            if len(found) >= most:
                return

    def _pieces(self, word: str) -> tuple[int, ...]:
        """The longest pieces that make up `word`, from its start; all of it, or unknown."""
        if len(word) > LONGEST_WORD:
            return (self._unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._vocabulary.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return (self._unknown,)
            pieces.append(number)
            start = end
        return tuple(pieces)


def read(path: Path, longest: int = 256) -> WordPiece:
    """The tokenizer of a `vocab.txt`, one piece a line; `StoreError` if it is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot be read: {error}", str(path)) from error
    return _made({line: number for number, line in enumerate(lines)}, longest, path)


def read_json(path: Path, longest: int = 256) -> WordPiece:
    """The tokenizer of a `tokenizer.json`; `StoreError` unless it works as this class does."""
    try:
        told = json.loads(path.read_bytes())
        model, normalizer = told["model"], told["normalizer"]
        vocabulary = model["vocab"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"cannot be read: {error}", str(path)) from error
    expected = {
        "model": (model.get("type"), "WordPiece"),
        "prefix": (model.get("continuing_subword_prefix"), "##"),
        "longest word": (model.get("max_input_chars_per_word"), LONGEST_WORD),
        "normalizer": (normalizer.get("type"), "BertNormalizer"),
        "lowercase": (normalizer.get("lowercase"), True),
    }
    for what, (found, wanted) in expected.items():
        if found != wanted:
            raise StoreError(f"has {what} {found!r}, not {wanted!r}", str(path))
    return _made(vocabulary, longest, path)


def _made(vocabulary: Any, longest: int, path: Path) -> WordPiece:
    try:
        return WordPiece(vocabulary, longest)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"holds no vocabulary of BERT: {error}", str(path)) from error


class _Characters(dict[int, str]):
    """What becomes of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        made = self[code] = _plain(chr(code))
        return made


def _plain(character: str) -> str:
    """A character cleaned, without accents, in lower case; set apart if it is a word of its own."""
    if character in "\t\n\r":
        return " "
    if character == "\ufffd" or unicodedata.category(character) in _CONTROLS:
        return ""
    if character.isspace():
        return " "
    plain = "".join(
        part.lower()
        for part in unicodedata.normalize("NFD", character)
        if unicodedata.category(part) != "Mn"
    )
    if any(first <= ord(character) <= last for first, last in _IDEOGRAPHS):
        return f" {plain} "
    return "".join(f" {part} " if _is_mark(part) else part for part in plain)


def _is_mark(character: str) -> bool:
    return character in _ASCII_MARKS or unicodedata.category(character).startswith("P")
