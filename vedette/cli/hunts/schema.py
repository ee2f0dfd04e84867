"""`vedette hunts schema`."""

from __future__ import annotations

import json

import click


@click.command("schema")
def schema() -> int:
    """Print the JSON schema of a hunt's file, for editors."""
    from engine.hunt.schema import schema as whole

    click.echo(json.dumps(whole(), indent=2, ensure_ascii=False))
    return 0
