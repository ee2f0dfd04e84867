"""What rule files are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vedette.lint.document import RuleFile
from vedette.lint.finding import Found
from vedette.lint.registry import INFO, WARNING, Placed, of_file, of_set

_SNAKE = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
SHORTEST, LONGEST = 8, 90


@of_file("file-name", INFO)
def file_name(file: RuleFile) -> Iterator[Found]:
    """The file's name is not lower-case snake case with the ending .yml.

    Rule sets find, sort and compare files by name; SigmaHQ's convention is the common one.
    """
    if not _SNAKE.fullmatch(file.path.stem) or file.path.suffix != ".yml":
        yield Found(f"{file.path.name} is not named like service_what_is_seen.yml", 1)


@of_file("file-name-length", INFO)
def file_name_length(file: RuleFile) -> Iterator[Found]:
    """The file's name has fewer than 8 or more than 90 characters.

    Too short says nothing, too long is cut off in lists and refused by some archives.
    """
    if not SHORTEST <= len(file.path.name) <= LONGEST:
        yield Found(f"the file's name has {len(file.path.name)} characters", 1)


@of_set("duplicate-file-name", WARNING)
def duplicate_file_name(files: Sequence[RuleFile]) -> Iterator[Placed]:
    """Two files of the rule set have the same name.

    Tools that copy rules into one folder keep only one of them.
    """
    first: dict[str, RuleFile] = {}
    for file in files:
        other = first.setdefault(file.path.name.lower(), file)
        if other is not file:
            yield file, None, Found(f"has the name of {other.name}", 1)
