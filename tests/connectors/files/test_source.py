"""FileSource reads back whatever was written, in every container, and says what it cannot."""

from __future__ import annotations

import gzip
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files import FileSource, Limits
from engine.errors import InputError, Problem
from tests.connectors.files.reference import (
    kinds,
    objects,
    read_bytes,
    read_files,
    reference_lines,
)

Objects = list[dict[str, Any]]
per_example = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ndjson(items: Objects, end: str = "\n", *, ascii_only: bool = False) -> str:
    return "".join(json.dumps(item, ensure_ascii=ascii_only) + end for item in items)


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def halves(items: Objects) -> tuple[bytes, bytes]:
    data = ndjson(items).encode()
    return data[: len(data) // 2], data[len(data) // 2 :]


WRITERS: dict[str, Callable[[Objects], bytes]] = {
    "ndjson": lambda items: ndjson(items).encode(),
    "ndjson-escaped": lambda items: ndjson(items, ascii_only=True).encode(),
    "crlf": lambda items: ndjson(items, "\r\n").encode(),
    "no-last-newline": lambda items: ndjson(items).encode()[:-1],
    "bom": lambda items: ndjson(items).encode("utf-8-sig"),
    "blank-lines": lambda items: ndjson(items, "\n\n \n").encode(),
    "utf-16": lambda items: ndjson(items, "\r\n").encode("utf-16"),
    "utf-16-be": lambda items: b"\xfe\xff" + ndjson(items).encode("utf-16-be"),
    "utf-16-unmarked": lambda items: ndjson(items).encode("utf-16-le"),
    "array": lambda items: json.dumps(items).encode(),
    "array-lines": lambda items: ("[\n" + ndjson(items, ",\n")[:-2] + "\n]\n").encode(),
    "array-pretty": lambda items: json.dumps(items, indent=4).encode(),
    "array-utf-16": lambda items: json.dumps(items, indent=2).encode("utf-16"),
    "cloudtrail": lambda items: json.dumps({"Records": items}).encode(),
    "cloudtrail-pretty": lambda items: json.dumps({"Records": items}, indent=1).encode(),
    "azure": lambda items: json.dumps(
        {"@odata.context": "https://x/$metadata", "value": items, "nextLink": "https://y"}
    ).encode(),
    "azure-diagnostics": lambda items: json.dumps({"records": items}).encode(),
    "pretty": lambda items: "\n".join(json.dumps(item, indent=2) for item in items).encode(),
    "run-together": lambda items: "".join(json.dumps(item) for item in items).encode(),
    "hits-lines": lambda items: ndjson([{"_index": "i", "_source": x} for x in items]).encode(),
    "answer": lambda items: json.dumps(
        {
            "took": 1,
            "_shards": {"total": 1, "failed": 0},
            "hits": {
                "total": {"value": 1, "relation": "eq"},
                "max_score": None,
                "hits": [{"_id": "1", "_source": item} for item in items],
            },
        }
    ).encode(),
    "gzip": lambda items: gzip.compress(ndjson(items).encode()),
    "gzip-members": lambda items: b"".join(map(gzip.compress, halves(items))),
    "gzip-padded": lambda items: b"".join(gzip.compress(x) + bytes(9) for x in halves(items)),
    "zstd": lambda items: zstd(ndjson(items).encode()),
    "zstd-frames": lambda items: b"".join(map(zstd, halves(items))),
    "zstd-skippable": lambda items: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd(ndjson(items).encode()),
    "gzip-array": lambda items: gzip.compress(json.dumps(items).encode()),
}  # fmt: skip


def same(left: Any, right: Any) -> bool:
    """Equal, types and signs of zero included."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)


@given(items=st.lists(objects, min_size=1, max_size=6))
@per_example
def test_objects_are_read_back_equal_from_every_container(tmp_path: Path, items: Objects) -> None:
    for container, write in WRITERS.items():
        found, problems = read_bytes(tmp_path, write(items), "x.bin")
        assert not problems, container
        assert same(found, items), container


@pytest.mark.parametrize("container", WRITERS)
def test_many_blocks_are_read_back_equal(container: str, tmp_path: Path) -> None:
    items = [{"n": n, "text": 'é{[\\"\n' * (n % 50), "in": {"a": [n]}} for n in range(3000)]
    found, problems = read_bytes(tmp_path, WRITERS[container](items))
    assert not problems
    assert found == items


broken_lines = st.sampled_from(
    [
        b'{"a": 1', b'{"a": "x', b'{"a":', b'{"a"', b"{", b"[", b"[1, 2", b"}", b"]", b"nonsense",
        b'{"a": 1}}', b'{"a": NaN}', b'{"a": 1e999}', b"{'a': 1}", b"42", b'"text"', b"null",
        b'{"a": "\x01"}', b'{"a": [1, {"b": 2', b"\x80\x81", b'[{"a": 1', b'{"Records": [{"a": 1',
        b"[2024-01-01 00:00:00] started", b'{"a": "x\\', b",", b'{"a": 1},',
    ]
)  # fmt: skip


@given(
    lines=st.lists(
        broken_lines | st.integers(0, 99).map(lambda n: b'{"n": %d, "t": [{"x": "}"}]}' % n),
        min_size=1,
        max_size=12,
    ),
)
@settings(per_example, max_examples=500)
def test_broken_lines_take_no_good_line_with_them(tmp_path: Path, lines: list[bytes]) -> None:
    data = b'{"n": -1}\n' + b"\n".join(lines)
    path = tmp_path / "x.json"
    path.write_bytes(data)
    good, bad = reference_lines(data)
    records, problems = read_files(path)
    assert [(record.line, record.document) for record in records] == good
    assert sorted({problem.line for problem in problems}) == bad


@given(lines=st.lists(broken_lines, min_size=1, max_size=3), count=st.integers(1, 4))
@per_example
def test_broken_lines_at_the_start_take_no_good_line_with_them(
    tmp_path: Path, lines: list[bytes], count: int
) -> None:
    """Before anything shows that the file is one of lines. (Opened and closed over lines it is
    a document, and the brackets that could do that are left out.)"""
    lines = [line for line in lines if line not in (b"}", b"]", b'{"a":', b"[", b'[{"a": 1')]
    good = [{"n": n} for n in range(count)]
    data = b"\n".join([*lines, ndjson(good).encode()])
    found, problems = read_bytes(tmp_path, data)
    assert [item for item in found if "n" in item] == good
    assert bool(problems) == bool(lines)


def test_a_problem_names_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'{"a": 1}\n{"b": oops}\n{"c": 3}\n')
    records, [problem] = read_files(path)
    assert [record.line for record in records] == [1, 3]
    assert (problem.kind, problem.file, problem.line) == ("malformed-json", str(path), 2)
    assert problem.message.endswith("at column 7")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty-file"),
        (b" \n\n", "empty-file"),
        (gzip.compress(b"", mtime=0), "empty-file"),
        (b"[1, 2]\n", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b'[{"a": 1}, 2]', "not-an-object"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "too-deep"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "too-deep"),
        (b'[{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}]", "too-deep"),
        (b'{"a": NaN}', "malformed-json"),
        (b'{"a": 1e400}', "malformed-json"),
        (b'{"a": "\xff"}', "invalid-utf8"),
        (b'{"a": "\\ud800"}', "lone-surrogate"),
        (b'{"a": 1}\n{"b"', "malformed-json"),
        (b'{\n "a": 1,\n', "malformed-json"),
        (b'[{"a": 1},', "malformed-json"),
        (b'{"Records": [{"a": 1}', "malformed-json"),
        (b"PK\x03\x04 and more", "unknown-format"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "unknown-format"),
        (b"{\0}\0"[:3], "invalid-utf8"),
    ],
)
def test_bad_input_is_a_named_problem(tmp_path: Path, data: bytes, kind: str) -> None:
    _, problems = read_bytes(tmp_path, data)
    assert kind in kinds(problems)


def test_depth_is_counted_in_levels(tmp_path: Path) -> None:
    data = b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}"
    found, problems = read_bytes(tmp_path, data)
    assert len(found) == 1
    assert not problems


def test_damaged_text_is_still_an_event(tmp_path: Path) -> None:
    data = b'{"a": "x\xffy"}\n{"b": "\\ud800 \\\\ud800 \\ud83d\\ude00"}\n\0\0\0{"c": 3}\n'
    found, problems = read_bytes(tmp_path, data)
    assert found == [{"a": "x\ufffdy"}, {"b": "\ufffd \\ud800 \U0001f600"}, {"c": 3}]
    assert kinds(problems) == ["invalid-utf8", "lone-surrogate"]


def test_half_a_pair_in_utf_16_is_replaced_and_reported(tmp_path: Path) -> None:
    data = '{"a": "x\ud800y"}\n'.encode("utf-16", "surrogatepass")
    [found], problems = read_bytes(tmp_path, data)
    assert set(found["a"]) == {"x", "\ufffd", "y"}
    assert kinds(problems) == ["invalid-utf8"]


@pytest.mark.parametrize("size", [200, 400_000])
def test_a_line_over_the_limit_is_skipped_and_the_rest_read(tmp_path: Path, size: int) -> None:
    limits = Limits(line=100)
    data = b'{"a": 1}\n{"b": "' + b"x" * size + b'"}\n{"c": 3}'
    found, [problem] = read_bytes(tmp_path, data, limits=limits)
    assert found == [{"a": 1}, {"c": 3}]
    assert (problem.kind, problem.line) == ("line-too-long", 2)


@pytest.mark.parametrize("size", [200, 400_000])
def test_a_first_line_over_the_limit_is_skipped_and_the_rest_read(
    tmp_path: Path, size: int
) -> None:
    data = b'{"b": "' + b"x" * size + b'"}\n{"a": 1}\n{"c": 3}'
    found, problems = read_bytes(tmp_path, data, limits=Limits(line=100))
    assert found == [{"a": 1}, {"c": 3}]
    assert kinds(problems) == ["line-too-long"]


def test_a_list_may_be_longer_than_the_limit_on_its_elements(tmp_path: Path) -> None:
    items = [{"n": n} for n in range(1000)]
    for container in ("array", "array-pretty", "cloudtrail", "azure", "answer"):
        found, problems = read_bytes(tmp_path, WRITERS[container](items), limits=Limits(line=100))
        assert found == items, container
        # What stands behind the list is small, and a first line too long shows what it is.
        assert not problems, container


def test_a_broken_element_leaves_the_others_of_its_list(tmp_path: Path) -> None:
    data = b'[{"a": 1}, {"b": oops}, 7, {"c": "x\x01"}, {"d": 4} {"e": 5}]'
    found, problems = read_bytes(tmp_path, data)
    assert found == [{"a": 1}, {"d": 4}, {"e": 5}]
    assert kinds(problems) == ["malformed-json", "not-an-object", "malformed-json"]


def test_a_broken_document_leaves_the_ones_around_it(tmp_path: Path) -> None:
    good = json.dumps({"a": {"b": [1, {"c": 2}]}}, indent=2).encode()
    broken = b'{\n  "a": {\n    "b": "cut\n'
    found, problems = read_bytes(tmp_path, b"\n".join([good, broken, good, good]))
    assert len(found) == 3
    assert kinds(problems) == ["malformed-json"]
    assert problems[0].line == good.count(b"\n") + 1 + 3


def test_hits_are_named_by_index_and_id(tmp_path: Path) -> None:
    path = tmp_path / "hits.ndjson"
    path.write_text('{"_index": "logs-1", "_id": "abc", "_source": {"a": 1}}\n')
    [record], _ = read_files(path)
    assert (record.id, record.index, record.document) == ("logs-1/abc", "logs-1", {"a": 1})


def test_an_object_that_only_resembles_a_wrapper_is_an_event(tmp_path: Path) -> None:
    items = [{"value": [1, 2]}, {"value": [{"a": 1}], "user": "x"}, {"hits": 3}, {"_source": {}}]
    found, problems = read_bytes(tmp_path, ndjson(items).encode())
    assert found == items
    assert not problems


def test_batches_hold_at_most_their_limit(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"n": n} for n in range(1201)]))
    source = FileSource([path], lambda _: None)
    batches = list(source.poll(None))
    assert [len(batch.records) for batch in batches] == [500, 500, 201]
    assert {batch.checkpoint for batch in batches} == {None}
    assert not list(source.poll(None)), "the files are read once"


def test_standard_input_is_read(tmp_path: Path) -> None:
    stdin = io.BytesIO(gzip.compress(b'{"a": 1}\n'))
    problems: list[Problem] = []
    source = FileSource(["-"], problems.append, stdin=stdin)
    [batch] = source.poll(None)
    assert source.total_bytes is None
    assert batch.records[0].document == {"a": 1}
    assert batch.records[0].origin == "<stdin>"


def test_a_missing_path_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text("{}")
    with pytest.raises(InputError, match=r"no such file.*did you mean .*events\.json"):
        FileSource([tmp_path / "evnets.json"], lambda _: None)


def test_progress_adds_up_to_the_total(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}\n' * 50_000)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(b'{"a": 1}\n' * 9)[:-4] + b"junk")
    (tmp_path / "c.evtx").write_bytes(b"PK\x03\x04" + bytes(300_000))
    told: list[int] = []
    source = FileSource([tmp_path], lambda _: None, progress=told.append)
    assert sum(len(batch.records) for batch in source.poll(None)) == 50_009
    assert sum(told) == source.total_bytes
    assert len(told) > 3


def test_an_unreadable_file_is_a_problem_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"b": 1}')
    (tmp_path / "a.json").write_text('{"a": 1}')
    problems: list[Problem] = []
    source = FileSource([tmp_path], problems.append)
    (tmp_path / "a.json").unlink()
    assert [dict(r.document) for batch in source.poll(None) for r in batch.records] == [{"b": 1}]
    assert kinds(problems) == ["unreadable-file"]


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":[\n' * 20_000 + b"1,\n" * 300_000,
        b'[{"a":[\n' * 20_000 + b"1,\n" * 300_000,
        b'{"a":[\n{"b":[\n' * 10_000 + b"[1]]\n" * 200_000,
        b"[" * 2_000_000,
        b'{"' + b'"' * 2_000_000,
        b"[{}," + b"," * 2_000_000,
    ],
    ids=["objects", "arrays", "closed", "brackets", "quotes", "commas"],
)
@pytest.mark.timeout(60)
def test_brackets_that_never_close_take_no_quadratic_time(tmp_path: Path, data: bytes) -> None:
    """Looking again from every opened bracket would take hours."""
    _, problems = read_bytes(tmp_path, data)
    assert problems


def test_whole_lines_inside_a_value_that_never_ends_are_events(tmp_path: Path) -> None:
    data = b'{"a": [\n{"n": 1},\n"n",\n{"n": 2}\n'
    found, problems = read_bytes(tmp_path, data)
    assert found == [{"n": 1}, {"n": 2}]
    assert [(problem.kind, problem.line) for problem in problems] == [("malformed-json", 1)]


def test_a_line_that_only_the_look_could_read_ends_nothing(tmp_path: Path) -> None:
    """A number too large for a float, in a field that no rule reads."""
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"a":1}\n{"a":2,"b":1e999}\n{"a":3,"b":1e999}\n')
    problems: list[Problem] = []
    told = {1: (), 2: (), 3: ("rule",)}

    def look(line: bytes) -> tuple[str, ...]:
        return told[int(line[5:6])]

    source = FileSource([file], problems.append, look=look)
    records = [record for batch in source.poll() for record in batch.records]
    assert [record.document["a"] for record in records] == [1, 2]
    assert [(problem.kind, problem.line) for problem in problems] == [("malformed-json", 3)]
