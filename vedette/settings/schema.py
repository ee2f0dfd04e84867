"""The configuration's JSON schema (draft 2020-12), for editors and other tools."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from vedette.settings.durations import format_duration
from vedette.settings.model import Settings


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in a file; titles, which only repeat the names, left out."""

    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def default_schema(self, schema: Any) -> dict[str, Any]:
        # A section's default is the defaults of its keys, which stand there themselves.
        if isinstance(schema.get("default"), BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schema() -> dict[str, Any]:
    """The schema of `vedette.yml`."""
    schema = _untitled(Settings.model_json_schema(schema_generator=_Schema))
    return {"$schema": _Schema.schema_dialect, "title": "vedette.yml", **schema}


def _untitled(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _untitled(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_untitled(item) for item in schema] if isinstance(schema, list) else schema
