"""The contract that every type of hunt keeps; it finds its subjects itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from engine.hunt.load import load_hunts
from engine.hunt.parse import COMMON, HEAD
from engine.hunt.registry import types
from engine.hunt.schema import schema
from engine.hunt.type import HuntType
from vedette import ROOT
from vedette.hunts import OWN_HUNTS

EACH = pytest.mark.parametrize("kind", types().values(), ids=types())


@EACH
def test_a_type_is_a_frozen_dataclass_in_a_file_of_its_name(kind: type[HuntType]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert kind.__module__ == f"engine.hunt.types.{kind.name}"


@EACH
def test_a_type_says_what_it_finds_and_where(kind: type[HuntType]) -> None:
    assert kind.summary[0].islower()
    assert not kind.summary.endswith(".")
    assert "cluster" in kind.where or "in-process" in kind.where


@EACH
def test_its_keys_have_words_and_names_of_their_own(kind: type[HuntType]) -> None:
    names = [key.name for key in (*HEAD, *COMMON, *kind.keys)]
    assert len(set(names)) == len(names)
    assert all(key.doc.endswith(".") for key in kind.keys)


@EACH
def test_it_has_a_page_and_a_shipped_hunt(kind: type[HuntType]) -> None:
    assert (ROOT / "docs" / "hunts" / f"{kind.name}.md").is_file()
    assert kind.name in {hunt.type.name for hunt in load_hunts([OWN_HUNTS]).hunts}


def test_the_schema_file_is_what_the_model_gives() -> None:
    assert json.loads((OWN_HUNTS / "schema.json").read_text()) == schema()


def test_every_shipped_hunt_uses_known_keys_of_the_schema_only() -> None:
    by_type = {each["properties"]["type"]["const"]: each for each in schema()["oneOf"]}
    for file in sorted(Path(OWN_HUNTS).glob("*.yml")):
        written = yaml.safe_load(file.read_text())
        known = by_type[written["type"]]
        assert written.keys() <= known["properties"].keys()
        assert set(known["required"]) <= written.keys()
