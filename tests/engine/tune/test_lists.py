"""Lists in files: what is in them, and what is wrong with them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import RuleError
from engine.tune.lists import ListFile


def written(folder: Path, text: str, name: str = "a.txt", **how: str) -> ListFile:
    (folder / name).write_text(text, encoding="utf-8")
    return ListFile("names", folder / name, **how)


def test_a_text_file_has_one_value_a_line_and_comments(tmp_path: Path) -> None:
    found = written(tmp_path, "\ufeffAlpha\n\n  # no\n  Beta Gamma \n#x\n42\n").read()
    assert found.values == {"alpha", "beta gamma", "42"}
    assert [found.accepts(v) for v in ("ALPHA", "beta gamma", 42, "beta", "# no", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_a_csv_has_a_column_by_name_or_the_first_one(tmp_path: Path) -> None:
    text = 'host,ip\n"a, b",10.0.0.1\nc,10.0.0.2\n,\n'
    assert written(tmp_path, text, "a.csv", column="ip").read().values == {"10.0.0.1", "10.0.0.2"}
    assert written(tmp_path, text, "a.csv", column="host").read().values == {"a, b", "c"}
    assert written(tmp_path, "x,1\ny,2\n", "a.csv").read().values == {"x", "y"}


NETWORKS = st.one_of(
    st.ip_addresses(v=4).flatmap(lambda a: st.integers(0, 32).map(lambda n: f"{a}/{n}")),
    st.ip_addresses(v=6).flatmap(lambda a: st.integers(0, 128).map(lambda n: f"{a}/{n}")),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NETWORKS, max_size=8), st.lists(st.ip_addresses(), max_size=8), st.booleans())
def test_an_address_is_in_the_networks_that_python_says_it_is_in(
    tmp_path: Path, networks: list[str], others: list[object], near: bool
) -> None:
    found = written(tmp_path, "\n".join(networks), kind="cidr").read()
    parsed = [ip_network(text, strict=False) for text in networks]
    addresses = [n.broadcast_address for n in parsed] if near else others
    for text in map(str, addresses):
        if getattr(ip_address(text), "ipv4_mapped", None):
            continue  # it counts as IPv4, which Python's networks do not know: see below
        assert found.accepts(text) == any(ip_address(text) in n for n in parsed), text


def test_an_address_mapped_into_ipv6_counts_as_ipv4_and_a_name_is_no_address(
    tmp_path: Path,
) -> None:
    found = written(tmp_path, "10.0.0.0/8\n2001:db8::1\n", kind="cidr").read()
    assert found.accepts("::ffff:10.1.2.3")
    assert found.accepts("2001:db8::1")
    assert not found.accepts("10.0.0.0/8")
    assert not found.accepts(10)


@pytest.mark.parametrize(
    ("text", "name", "how", "says", "line"),
    [
        ("10.0.0.0/8\n10.0.0.0/99\n", "a.txt", {"kind": "cidr"}, "no network", 2),
        ("a,b\n1,2\n", "a.csv", {"column": "c"}, "has no column 'c'", 1),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    text: str, name: str, how: dict[str, str], says: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(RuleError, match=says) as caught:
        written(tmp_path, text, name, **how).read()
    assert (caught.value.file, caught.value.line) == (str(tmp_path / name), line)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        ListFile("x", tmp_path / "none.txt").read()
    (tmp_path / "b.txt").write_bytes(b"ok\n\xff\n")
    with pytest.raises(RuleError, match="not UTF-8") as caught:
        ListFile("x", tmp_path / "b.txt").read()
    assert caught.value.line == 2
