"""Tracked text names no registry's host and no path of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SHARED

# Joined here, so that this file does not hold what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("registry", "npmjs", "org"),
        ("conda", "anaconda", "org"),
        ("registry-1", "docker", "io"),
        ("ghcr", "io"),
    )
]
SHORTEST = 3
"""Parts of a path, the root counted: a shorter one, such as `/app`, may stand in an event."""


def machine_paths() -> list[str]:
    """Absolute paths that only this machine has."""
    found = {ROOT, SHARED, SHARED.parent, Path.cwd(), Path(__file__).parent}
    if sys.prefix != sys.base_prefix:
        found.add(Path(sys.prefix))
    return sorted(str(path) for path in found if len(path.parts) >= SHORTEST)


def tracked(text: str) -> list[str]:
    """The tracked text files' lines that hold a text, each with file and number."""
    command = ["git", "grep", "--no-color", "-nIF", "-e", text]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module", autouse=True)
def checkout() -> None:
    """Skips where there is no git checkout to look through."""
    try:
        asked = ["git", "rev-parse", "--show-toplevel"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if done.returncode or Path(done.stdout.strip()) != ROOT:
        pytest.skip("not a git checkout")


def test_what_is_tracked_is_found() -> None:
    assert any(line.startswith("README.md:1:") for line in tracked("# Vedette"))


@pytest.mark.parametrize("host", HOSTS)
def test_no_tracked_file_names_a_registrys_host(host: str) -> None:
    assert not tracked(host)


def test_no_tracked_file_names_a_path_of_this_machine() -> None:
    for path in machine_paths():
        whole = re.compile(re.escape(path) + r"(?![\w-])")  # not the beginning of a longer name
        assert not [line for line in tracked(path) if whole.search(line)]
