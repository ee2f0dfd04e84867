"""Event logs of Windows are read, and damaged ones as far as they go; none raises or hangs."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import pytest

from connectors.files import Limits, evtx
from connectors.files.evtx_chunk import CHUNK, Span, rebuilt, spans
from engine.errors import Problem
from engine.ports import Record
from tests.connectors.files.reference import kinds, read_files

HEADER = 4096


def read_evtx(
    tmp_path: Path, data: bytes, limits: Limits | None = None
) -> tuple[list[Record], list[Problem]]:
    path = tmp_path / "x.evtx"
    path.write_bytes(data)
    return read_files(path, limits=limits)


@pytest.fixture(scope="session")
def recording(shared_data: Path) -> bytes:
    """The shared recording with the most records in its only chunk."""
    folder = shared_data / "sigmahq" / "regression_data"
    return max(
        (path.read_bytes() for path in sorted(folder.rglob("*.evtx"))),
        key=lambda data: len(spans(data[HEADER : HEADER + CHUNK], CHUNK)),
    )


@pytest.mark.shared
def test_every_shared_recording_is_read_as_its_json_says(shared_data: Path) -> None:
    paths = sorted((shared_data / "sigmahq" / "regression_data").rglob("*.evtx"))
    assert paths
    for path in paths:
        records, problems = read_files(path)
        assert records, path
        assert not problems, path
        assert all(record.id and record.id.count("|") == 3 for record in records)
        assert len({record.id for record in records}) == len(records)
        twin = path.with_suffix(".json")
        if twin.exists():
            # Other fields depend on the version of the tool that made the JSON.
            numbers = [_number(record) for record in records]
            assert {_number(record) for record in read_files(twin)[0]} <= set(numbers)


def _number(record: Record) -> int:
    return int(record.document["Event"]["System"]["EventRecordID"])


@pytest.mark.shared
def test_a_record_is_named_by_computer_channel_number_and_time(
    tmp_path: Path, recording: bytes
) -> None:
    records, _ = read_evtx(tmp_path, recording)
    for number, record in enumerate(records, 1):
        system = record.document["Event"]["System"]
        assert record.line == number
        assert record.id == "|".join(
            [
                system["Computer"],
                system["Channel"],
                str(system["EventRecordID"]),
                system["TimeCreated"]["#attributes"]["SystemTime"],
            ]
        )


@pytest.mark.shared
def test_a_truncated_log_yields_exactly_its_whole_records(tmp_path: Path, recording: bytes) -> None:
    found = spans(recording[HEADER : HEADER + CHUNK], CHUNK)
    everything = [record.id for record in read_evtx(tmp_path, recording)[0]]
    assert len(everything) == len(found) >= 5
    edges = [HEADER + edge for span in found for edge in (span.start, span.end - 1, span.end)]
    for cut in [0, 7, 8, 100, HEADER, HEADER + 1, HEADER + 512, *edges]:
        records, problems = read_evtx(tmp_path, recording[:cut])
        whole = sum(HEADER + span.end <= cut for span in found)
        assert [record.id for record in records] == everything[:whole], cut
        if cut >= 8:
            assert kinds(problems) == ["truncated-evtx"], cut


@pytest.mark.shared
@pytest.mark.parametrize(
    ("offset", "damage"),
    [(0, b"xx"), (4, b"\xff\xff"), (4, b"\0\0\0\0"), (24, b"\xff" * 60)],
    ids=["magic", "long", "empty", "body"],
)
def test_a_corrupt_record_leaves_the_others(
    tmp_path: Path, recording: bytes, offset: int, damage: bytes
) -> None:
    everything = [record.id for record in read_evtx(tmp_path, recording)[0]]
    second = spans(recording[HEADER : HEADER + CHUNK], CHUNK)[1]
    at = HEADER + second.start + offset
    data = recording[:at] + damage + recording[at + len(damage) :]
    records, [problem] = read_evtx(tmp_path, data)
    assert [record.id for record in records] == [everything[0], *everything[2:]]
    assert (problem.kind, problem.line) == ("corrupt-evtx-record", 2)
    assert problem.file is not None
    assert problem.file.endswith("x.evtx")


@pytest.mark.shared
def test_damaged_headers_hide_no_record(tmp_path: Path, recording: bytes) -> None:
    everything = [record.document for record in read_evtx(tmp_path, recording)[0]]
    chunk = recording[HEADER:]
    for header in (recording[:8].ljust(HEADER, b"\0"), recording[:8].ljust(HEADER, b"\xff")):
        for head in (chunk[:128] + b"\xee" * 384, chunk[:40] + b"\xff" * 472, b"\x11" * 512):
            records, _ = read_evtx(tmp_path, header + head + chunk[512:])
            assert [record.document for record in records] == everything


@pytest.mark.shared
def test_many_chunks_empty_ones_and_compression_are_read(tmp_path: Path, recording: bytes) -> None:
    chunk = recording[HEADER : HEADER + CHUNK]
    once = len(read_evtx(tmp_path, recording)[0])
    data = recording[:HEADER] + chunk + bytes(CHUNK) + chunk + chunk
    for written in (data, gzip.compress(data)):
        records, problems = read_evtx(tmp_path, written)
        assert not problems
        assert [record.line for record in records] == list(range(1, 3 * once + 1))


@pytest.mark.shared
def test_missing_chunks_are_a_truncation(tmp_path: Path, recording: bytes) -> None:
    data = recording[:42] + struct.pack("<H", 5) + recording[44:]
    records, problems = read_evtx(tmp_path, data)
    assert records
    assert kinds(problems) == ["truncated-evtx"]


@pytest.mark.shared
def test_caps_hold_for_records_too(tmp_path: Path, recording: bytes) -> None:
    records, problems = read_evtx(tmp_path, recording, Limits(line=100))
    assert not records
    assert set(kinds(problems)) == {"line-too-long"}
    records, problems = read_evtx(tmp_path, recording, Limits(depth=2))
    assert not records
    assert set(kinds(problems)) == {"too-deep"}


@pytest.mark.shared
def test_random_damage_never_raises(tmp_path: Path, recording: bytes) -> None:
    chance = random.Random(7)
    used = HEADER + spans(recording[HEADER : HEADER + CHUNK], CHUNK)[-1].end
    for _ in range(300):
        data = bytearray(recording)
        for _ in range(chance.choice([1, 3, 30])):
            data[chance.randrange(8, used)] = chance.choice([0, 255, chance.randrange(256)])
        records, problems = read_evtx(tmp_path, bytes(data))
        assert len(records) + len(problems) > 0


@pytest.mark.parametrize("size", [0, 100, HEADER, HEADER + 700, HEADER + CHUNK, HEADER + 3 * CHUNK])
def test_garbage_behind_the_magic_is_a_problem(tmp_path: Path, size: int) -> None:
    noise = random.Random(size).randbytes(size)
    records, problems = read_evtx(tmp_path, (evtx.MAGIC + noise)[: max(size, 8)])
    assert not records
    assert set(kinds(problems)) <= {"truncated-evtx", "corrupt-evtx-record"}
    assert problems


def test_forged_records_are_problems(tmp_path: Path) -> None:
    """Records with the right outside and nothing, or noise, within."""
    header = evtx.MAGIC.ljust(HEADER, b"\0")
    for body in (b"", bytes(40), b"\xff" * 40, random.Random(1).randbytes(400)):
        size = 28 + len(body)
        record = struct.pack("<4sIQQ", b"**\0\0", size, 9, 0) + body + struct.pack("<I", size)
        chunk = (b"ElfChnk\0".ljust(512, b"\0") + record * 3).ljust(CHUNK, b"\0")
        records, problems = read_evtx(tmp_path, header + chunk)
        assert not records
        assert kinds(problems) == ["corrupt-evtx-record"] * 3


def test_a_panic_of_the_parser_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        pass

    def panic(*_: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(evtx, "PyEvtxParser", panic)
    chunk = struct.pack("<4sIQQI", b"**\0\0", 28, 9, 0, 28).rjust(512 + 28, b"\0")
    data = evtx.MAGIC.ljust(HEADER, b"\0") + chunk.ljust(CHUNK, b"\0")
    records, problems = read_evtx(tmp_path, data)
    assert not records
    assert kinds(problems) == ["corrupt-evtx-record"]


def record_bytes(number: int, size: int = 28) -> bytes:
    body = struct.pack("<4sIQQ", b"**\0\0", size, number, 0).ljust(size - 4, b"\1")
    return body + struct.pack("<I", size)


def chunk_of(*records: bytes, used: int | None = None) -> bytes:
    body = b"".join(records)
    head = b"ElfChnk\0".ljust(48, b"\0") + struct.pack("<I", used or 512 + len(body))
    return (head.ljust(512, b"\0") + body).ljust(CHUNK, b"\0")


def test_spans_are_found_and_gaps_marked() -> None:
    chunk = chunk_of(record_bytes(5), b"x" * 40, record_bytes(7, 100))
    assert spans(chunk, CHUNK) == [Span(512, 540, 5), Span(540, 580, None), Span(580, 680, 7)]


def test_records_of_an_earlier_round_are_not_the_chunks() -> None:
    used = 512 + 28
    assert spans(chunk_of(record_bytes(5), record_bytes(2), used=used), CHUNK) == [
        Span(512, 540, 5)
    ]
    assert len(spans(chunk_of(record_bytes(5), record_bytes(6), used=used), CHUNK)) == 2


def test_a_rebuilt_chunk_keeps_the_records_in_place() -> None:
    chunk = chunk_of(record_bytes(5), b"x" * 40, record_bytes(7, 100))
    found = spans(chunk, CHUNK)
    whole = rebuilt(chunk, found)
    assert len(whole) == CHUNK
    assert whole[512:540] == chunk[512:540]
    assert whole[580:680] == chunk[580:680]
    assert struct.unpack_from("<4sI", whole, 540) == (b"**\0\0", 40)
