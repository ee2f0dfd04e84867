"""The documentation as tests read it: its pages, their code, links and tables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.conftest import ROOT

_FENCE = re.compile(r"^ *```")
_HEADING = re.compile(r"^#+ +(.*)")
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_JOINTS = {"|", "||", "&&", ";"}


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def blocks(self) -> list[list[str]]:
        """The code blocks, fenced or indented by four blanks, as lines."""
        return list(_blocks(self.text.splitlines()))

    @cached_property
    def prose(self) -> str:
        """All that stands outside code blocks."""
        kept, fenced = [], False
        for line in self.text.splitlines():
            if _FENCE.match(line):
                fenced = not fenced
            elif not fenced and not line.startswith("    "):
                kept.append(line)
        return "\n".join(kept)

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def inline(self) -> list[str]:
        return _INLINE.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What `#…` may name in this page."""
        headings = (_HEADING.match(line) for line in self.prose.splitlines())
        return {slug(found[1]) for found in headings if found}

    def section(self, heading: str) -> str:
        """The text below a heading, up to the next one of any depth. KeyError without it."""
        kept: list[str] = []
        fenced = found = False
        for line in self.text.splitlines():
            fenced ^= bool(_FENCE.match(line))
            title = None if fenced else _HEADING.match(line)
            if title and found:
                break
            if found:
                kept.append(line)
            found = found or bool(title and title[1] == heading)
        if not found:
            raise KeyError(f"{self.name} has no heading {heading!r}")
        return "\n".join(kept)

    def commands(self) -> Iterator[list[str]]:
        """The commands in the code blocks, each as its words."""
        for block in self.blocks:
            marked = [line.lstrip()[2:] for line in block if line.lstrip().startswith("$ ")]
            # A block with prompts shows output too; one without is commands, or no commands.
            for line in marked or block:
                yield from commands_of(line)


def pages() -> list[Page]:
    """Every page that speaks to users or contributors."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    found += [ROOT / "rules" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Page(path) for path in found]


def page(name: str) -> Page:
    """A page by its path in the project."""
    return Page(ROOT / name)


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text as cells, without heads and rules."""
    lines = text.splitlines()
    return [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for at, line in enumerate(lines)
        if line.startswith("| ") and not "".join(lines[at + 1 : at + 2]).startswith("|--")
    ]


def code(cell: str) -> str:
    """The text of a cell that is one piece of code, else the cell."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    return found[1] if found else cell


def slug(heading: str) -> str:
    """A heading's anchor."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands_of(line: str) -> Iterator[list[str]]:
    """A shell line's commands: split at pipes and the like, without what is redirected."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return  # no shell line: a picture, or output
    command: list[str] = []
    skip = False
    for word in [*words, ";"]:
        if word in _JOINTS:
            if command:
                yield command
            command = []
        elif skip:
            skip = False
        elif set(word) <= set("<>&"):
            skip = True
        elif command or not _ASSIGNMENT.match(word):
            command.append(word)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] | None = None
    fenced = False
    for line, before in zip([*lines, ""], ["", *lines], strict=True):
        if _FENCE.match(line):
            if fenced and block is not None:
                yield block
            fenced, block = not fenced, None if fenced else []
        elif fenced and block is not None:
            block.append(line)
        elif line.startswith("    ") and (block is not None or not before.strip()):
            block = [*(block or []), line[4:]]
        elif block is not None and line.strip():
            yield block
            block = None
    if block:
        yield block
