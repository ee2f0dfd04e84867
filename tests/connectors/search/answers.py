"""A cluster that answers single requests from a table, and keeps what is put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.search.port import Kind, RequestError
from tests.connectors.search.double import FakeClient, refusal

NO_HANDLER = refusal(400, "error", "no handler found for uri [/x] and method [GET]")


class Answers(FakeClient):
    """`answers["GET /path"]` is what a request meets: a body, or an error to raise.

    What is put can be got afterwards, as a server would give it back; a path that nobody put
    and that is in no table is absent (404).
    """

    def __init__(self, kind: Kind = "elasticsearch") -> None:
        super().__init__()
        self.kind = kind
        self.flattened = "flattened" if kind == "elasticsearch" else "flat_object"
        self.answers: dict[str, Any] = {}
        self.sent: list[tuple[str, str, Any]] = []

    def send(
        self,
        method: str,
        path: str,
        document: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        self.sent.append((method, path, params or document))
        if f"{method} {path}" in self.answers:
            found = self.answers[f"{method} {path}"]
            if isinstance(found, Exception):
                raise found
            return found
        if method == "PUT":
            self.answers[f"GET {path}"] = self.given_back(path, document or {})
            return {"acknowledged": True}
        raise RequestError(self.host, 404, "resource_not_found_exception", f"no {path}")

    def given_back(self, path: str, document: Mapping[str, Any]) -> Any:
        """A template, component or policy as it comes back."""
        name = path.rsplit("/", 1)[1].replace("%40", "@")
        if path.startswith("/_index_template"):
            return {"index_templates": [{"name": name, "index_template": document}]}
        if path.startswith("/_component_template"):
            return {"component_templates": [{"name": name, "component_template": document}]}
        if path.startswith("/_ilm"):
            return {name: {"version": 1, **document}}
        if path.startswith("/_plugins/_ism"):
            return {"_id": name, "_seq_no": 4, "_primary_term": 2, **document}
        return document

    def create_index(self, index: str, body: Mapping[str, Any] | None = None) -> bool:
        made = index not in self.indices
        super().create_index(index, body)
        if made:
            mapping = (body or {}).get("mappings", {})
            self.answers[f"GET /{index}/_mapping"] = {index: {"mappings": mapping}}
        return made
