"""What the pages name is there: links, paths, make targets, variables, commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unittest.mock import patch

import click
import pytest

from tests.conftest import ROOT
from tests.docs.pages import Page, commands_of, page, pages
from vedette.cli.main import cli
from vedette.settings import Settings
from vedette.settings.environment import RESERVED, variable
from vedette.settings.fields import keys

PAGES = pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in pages()])
FOLDERS = "engine|connectors|vedette|mitre|models|rules|tests|docs|deploy|\\.ci"
PATH = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./*-]*")
INVENTED = {"rules/windows/process_creation/backup_catalogue_deleted.yml"}
"""Paths that stand for what a reader would write."""

MISTAKEN = {"vedette hnt"}
"""Command lines that are shown for their error message."""

TEST_VARIABLE = re.compile(r"VEDETTE_(?:TEST_\w+|SHARED|REQUIRE|\w+_PYTHON)")
PACKAGES = ("engine", "connectors", "mitre", "models", "vedette")


@PAGES
def test_every_link_leads_to_a_file_and_a_heading(page: Page) -> None:
    for link in page.links:
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in Page(target).anchors, f"{page.name}: {link}"


@PAGES
def test_every_path_that_is_named_exists(page: Page) -> None:
    named = {found.rstrip(".") for found in PATH.findall(page.text)} - INVENTED
    missing = [path for path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))]
    assert not missing


@PAGES
def test_every_make_target_that_is_named_exists(page: Page) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    named = {command[1] for command in every_command(page) if command[0] == "make" and command[1:]}
    assert named <= targets


@PAGES
def test_every_environment_variable_that_is_named_is_read(page: Page) -> None:
    folders = [ROOT / "tests" / name for name in ("bench", "live", "conformance")]
    sources = [ROOT / "tests" / "conftest.py", *(f for d in folders for f in d.glob("*.py"))]
    read = set(TEST_VARIABLE.findall("".join(file.read_text("utf-8") for file in sources)))
    known = read | {variable(path) for path, _ in keys(Settings)} | set(RESERVED)
    assert set(re.findall(r"\bVEDETTE_[A-Z_]*[A-Z]", page.text)) <= known


@PAGES
def test_every_command_line_in_a_block_is_understood(page: Page) -> None:
    wrong = [
        f"{' '.join(words)}: {error}"
        for words in page.commands()
        if is_ours(words) and (error := refused(words[1:]))
    ]
    assert {text.partition(":")[0] for text in wrong} <= MISTAKEN, wrong


@PAGES
def test_every_command_in_the_text_is_understood_as_far_as_it_goes(page: Page) -> None:
    wrong = [
        f"{' '.join(words)}: {error}"
        for text in page.inline
        for words in commands_of(text)
        if is_ours(words) and words[1:] and (error := refused(words[1:], whole=False))
    ]
    assert not wrong


@pytest.mark.parametrize(
    "line",
    [
        "vedette hunt logs/ --no-such-option",
        "vedette hunt",
        "vedette hnt logs/",
        "vedette config cheque",
        "vedette run -c",
        "vedette run vedette.yml",
        "cat x | vedette hunt - --limit many",
    ],
)
def test_a_wrong_command_line_would_be_found(line: str) -> None:
    (words,) = [words for words in commands_of(line) if is_ours(words)]
    assert refused(words[1:])


def test_the_pages_hold_command_lines_and_paths_to_check() -> None:
    commands = [words for page in pages() for words in page.commands() if is_ours(words)]
    assert len(commands) > 20
    assert len(PATH.findall("".join(page.text for page in pages()))) > 100


def test_the_architecture_names_every_package() -> None:
    text = page("docs/architecture.md").text
    found = {file.parent for name in PACKAGES for file in (ROOT / name).rglob("__init__.py")}
    shallow = [folder.relative_to(ROOT) for folder in found]
    shallow = [folder for folder in shallow if len(folder.parts) <= 2]
    assert shallow
    unnamed = [folder for folder in shallow if f"{folder.as_posix()}/" not in text]
    assert not unnamed, "each package has its row in docs/architecture.md"


def test_no_row_of_the_architecture_stands_twice() -> None:
    rows = re.findall(r"^\| (`[^`]+`)", page("docs/architecture.md").text, re.MULTILINE)
    assert len(rows) > 50
    assert not {row for row in rows if rows.count(row) > 1}


def test_the_architecture_names_every_module_that_stands_on_its_own() -> None:
    """One of the engine, of its matching, or at the top of the application, by its own name."""
    text = page("docs/architecture.md").text
    folders = [ROOT / "engine", ROOT / "engine" / "match", ROOT / "vedette"]
    found = [file for folder in folders for file in folder.glob("[!_]*.py")]
    assert len(found) > 40
    unnamed = [path for file in found if f"`{(path := file.relative_to(ROOT))}`" not in text]
    assert not unnamed, "each module has its row in docs/architecture.md"


def test_contributing_names_every_make_target_and_declared_marks_only() -> None:
    text = page("CONTRIBUTING.md").text
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    checks = re.search(r"^check: (.*?) *##", makefile, re.MULTILINE)
    assert checks
    for target in (*checks[1].split(), "check", "conformance", "bench", "long"):
        assert f"`make {target}`" in text
    declared = set(re.findall(r'^  "(\w+): ', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    table = page("CONTRIBUTING.md").section("Tests that need more than Python")
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) <= declared


def every_command(page: Page) -> Iterable[list[str]]:
    yield from page.commands()
    for text in page.inline:
        yield from commands_of(text)


def is_ours(words: list[str]) -> bool:
    return words[0] in ("vedette", ".venv/bin/vedette")


def refused(arguments: list[str], *, whole: bool = True) -> str | None:
    """What click says against a command line; nothing is run.

    Not `whole`: arguments may be missing, for the line is only a mention.
    """
    try:
        with patch.object(click.Command, "invoke", lambda *_: None):
            cli.main(list(arguments), prog_name="vedette", standalone_mode=False)
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError) as error:
        return str(error) or "no command" if whole else None
    except click.UsageError as error:
        return error.format_message()
    return None
