"""What every HTML page is made with: a sandbox that escapes all, and hashes for its policy."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment


def environment(folder: Path) -> ImmutableSandboxedEnvironment:
    """Templates of a folder, in a sandbox that escapes everything not marked safe by the page.

    `n` shows a number with its thousands.
    """
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["n"] = lambda number: f"{number:,}"
    return made


def sha256(text: str) -> str:
    """A style or a script as a content security policy names it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
