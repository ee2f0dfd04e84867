"""Whatever is in the file or the environment, the answer is settings or `SettingsErrors`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.settings import Settings, SettingsErrors, load
from vedette.settings.environment import variable
from vedette.settings.fields import keys, known_names

NAMES = sorted(
    {str(path[-1]) for path, _ in keys(Settings)} | set(known_names(Settings, ("sources",)))
)
WORDS = ["search", "folder", "all", "now", "10m", "https://es:9200", "x", "logs-*", "18", "secret"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), inner, max_size=6),
    ),
    max_leaves=25,
)
SECTIONS = st.dictionaries(st.sampled_from(known_names(Settings, ())), TREES, max_size=8)
VARIABLES = st.dictionaries(
    st.sampled_from([variable(path) for path, _ in keys(Settings)]),
    st.one_of(st.text(), st.sampled_from(WORDS), TREES.map(json.dumps)),
    max_size=4,
)


def assert_told(raw: bytes, environ: dict[str, str]) -> None:
    said = errors_of(raw, environ)
    assert all(line.isprintable() for line in said.split("\n"))


def errors_of(raw: bytes, environ: dict[str, str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vedette.yml"
        path.write_bytes(raw)
        try:
            load(path, environ)
        except SettingsErrors as errors:
            return str(errors)
        return ""


@settings(max_examples=100, deadline=None)
@given(tree=SECTIONS, environ=VARIABLES)
def test_no_tree_of_values_is_a_traceback(tree: dict[str, Any], environ: dict[str, str]) -> None:
    assert_told(json.dumps(tree).encode(), environ)


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=200))
def test_no_bytes_are_a_traceback(raw: bytes) -> None:
    assert_told(raw, {})


YAML = st.lists(
    st.sampled_from([*NAMES, *WORDS, *"{}[]:,-?|>&*!#%@'\"\\\n", ": ", "- ", "  ", "&a ", "*a",
                     "!!int ", "<<", "---", "...", "2026-13-45", "1:99", ".nan", "0x", "=", "~"]),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(text=YAML)
def test_no_yaml_is_a_traceback(text: str) -> None:
    assert_told(text.encode(), {})
