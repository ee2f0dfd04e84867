"""The JSON schema describes what the loader takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from vedette.settings.durations import PATTERN, parse_duration
from vedette.settings.fields import keys
from vedette.settings.model import Settings
from vedette.settings.schema import json_schema

SCHEMA = json_schema()


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, content in schema.get("properties", {}).items():
            yield f"{path}/{name}", content
        for key, value in schema.items():
            yield from properties(value, f"{path}/{key}")


def test_it_is_draft_2020_12_and_plain_json() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_key_has_a_description() -> None:
    found = list(properties(SCHEMA))
    assert len(found) > 40
    assert [path for path, content in found if not content.get("description")] == []


def test_unknown_keys_are_refused_everywhere() -> None:
    objects = [SCHEMA, *SCHEMA["$defs"].values()]
    assert all(item["additionalProperties"] is False for item in objects)


def test_it_has_every_key_of_the_model() -> None:
    assert set(SCHEMA["properties"]) == {path[0] for path, _ in keys(Settings) if len(path) == 1}


def test_defaults_are_written_as_in_a_file() -> None:
    search = SCHEMA["$defs"]["SearchSource"]["properties"]
    assert search["overlap"]["default"] == "10m"
    assert search["start"]["default"] == "1d"
    assert "default" not in SCHEMA["properties"]["rules"]


def test_secrets_are_marked_as_such() -> None:
    password = SCHEMA["$defs"]["Cluster"]["properties"]["password"]["anyOf"][0]
    assert (password["format"], password["writeOnly"]) == ("password", True)


def test_its_durations_are_those_the_loader_reads() -> None:
    for text in ("30s", "1.5h", "250ms", "7"):
        assert re.search(PATTERN, text)
        parse_duration(text)
    assert not re.search(PATTERN, "1 day")
