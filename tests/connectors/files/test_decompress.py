"""Damaged archives give what they still hold, and bombs are stopped."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from connectors.files import Limits
from tests.connectors.files.reference import kinds, read_bytes

LINES = b"".join(b'{"n": %d, "text": "%x"}\n' % (n, n * 7919 % 65521) for n in range(20_000))
PACK = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


@pytest.mark.parametrize("pack", PACK)
def test_a_truncated_archive_gives_its_beginning(tmp_path: Path, pack: str) -> None:
    data = PACK[pack](LINES)
    found, problems = read_bytes(tmp_path, data[: len(data) * 3 // 4])
    assert len(found) > 1_000
    assert [item["n"] for item in found] == list(range(len(found)))
    assert f"truncated-{pack}" in kinds(problems)


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_a_gzip_without_its_end_mark_loses_no_event(tmp_path: Path, cut: int) -> None:
    found, problems = read_bytes(tmp_path, gzip.compress(LINES)[:-cut])
    assert len(found) == 20_000
    assert kinds(problems) == ["truncated-gzip"]


@pytest.mark.parametrize("pack", PACK)
def test_a_damaged_archive_gives_what_is_before_the_damage(tmp_path: Path, pack: str) -> None:
    data = bytearray(PACK[pack](LINES))
    middle = len(data) // 2
    data[middle : middle + 200] = b"\xff" * 200
    found, problems = read_bytes(tmp_path, bytes(data))
    good = [item for at, item in enumerate(found) if item["n"] == at]
    assert len(good) >= 1_000 if pack == "gzip" else problems
    assert f"corrupt-{pack}" in kinds(problems)


def test_a_wrong_checksum_loses_no_event(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(LINES))
    data[-8] ^= 1
    found, problems = read_bytes(tmp_path, bytes(data))
    assert len(found) == 20_000
    assert kinds(problems) == ["corrupt-gzip"]


@pytest.mark.parametrize("pack", PACK)
def test_what_follows_an_archive_is_reported(tmp_path: Path, pack: str) -> None:
    found, problems = read_bytes(tmp_path, PACK[pack](b'{"n": 0}\n') + b"something else")
    assert found == [{"n": 0}]
    assert kinds(problems) == [f"corrupt-{pack}"]


@pytest.mark.parametrize("pack", PACK)
def test_a_bomb_is_stopped_in_bounded_memory(tmp_path: Path, pack: str) -> None:
    bomb = PACK[pack](b'{"n": 1}\n' + b" " * (300 << 20))
    limits = Limits(ratio=500, ratio_after=1 << 20)
    tracemalloc.start()
    found, problems = read_bytes(tmp_path, bomb, limits=limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [{"n": 1}]
    assert "compression-bomb" in kinds(problems)
    assert peak < 150 << 20


@pytest.mark.parametrize("pack", PACK)
def test_a_total_may_be_set(tmp_path: Path, pack: str) -> None:
    _, problems = read_bytes(tmp_path, PACK[pack](LINES), limits=Limits(total=100_000))
    assert "compression-bomb" in kinds(problems)


@pytest.mark.parametrize("pack", PACK)
def test_ordinary_archives_are_no_bombs(tmp_path: Path, pack: str) -> None:
    found, problems = read_bytes(tmp_path, PACK[pack](b'{"n": 1}\n' * 500_000))
    assert len(found) == 500_000
    assert not problems
