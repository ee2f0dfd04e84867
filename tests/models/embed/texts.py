"""Texts as logs hold them, ordinary and odd."""

from __future__ import annotations

import numpy as np

from tests.models import data

WORDS = ("Failed", "password", "for", "invalid", "user", "root", "from", "port", "ssh2", "CPU")
LETTERS = (
    "abcXYZ019 \t\n.:-_/\\[]()<>*#@$%&'\"éÀßÇñøİςΣжЯ中文日本한국어"
    "\u00a0\u200b\u2028ﬁ😀💥\u0301\ufffd\x00\x1b"
)

ODD = [
    "", " ", "a" * 99, "a" * 100, "a" * 101, "[CLS] [MASK]x[UNK] [mask]", "##ing ing",
    "İstanbul ΣΑΣ",
    "C:\\Windows\\System32\\cmd.exe /c \"whoami\"", "user=<*> ip=10.0.0.1:22", "\u202eabc\u202c",
    "한국어 テスト 漢字kanji", "naïve café Ångström", "x" * 5_000 + " y", "word " * 500,
    "💥🔥" * 50,
]  # fmt: skip


def generated(count: int, seed: int = 0) -> list[str]:
    """Words of logs, with runs of any letters between them."""
    rng = np.random.default_rng(seed)
    return [
        " ".join(
            WORDS[rng.integers(len(WORDS))]
            if rng.random() < 0.6
            else "".join(LETTERS[at] for at in rng.integers(0, len(LETTERS), rng.integers(1, 9)))
            for _ in range(rng.integers(1, 12))
        )
        for _ in range(count)
    ]


TEMPLATES = list(dict.fromkeys(data.texts(200)))
