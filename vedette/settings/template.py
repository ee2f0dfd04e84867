"""The commented configuration that `vedette init` writes."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

EXAMPLE_HOST = "https://localhost:9200"
TEMPLATE = Path(__file__).with_name("template.yml")


def render(cluster: str | None = None) -> str:
    """The file's text: the embedded default, or with a cluster's URL, a search source on it."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        c="#" if cluster is None else "",
        f="" if cluster is None else "#",
        url=json.dumps(cluster or EXAMPLE_HOST),
    )
