"""Hunt files to hunts: what cannot be used is named, the rest go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.errors import RuleError
from engine.hunt.model import Hunt
from engine.hunt.parse import parse
from engine.rule_files import hunt_files
from engine.yaml_text import Documents, read_documents


@dataclass(slots=True)
class Hunts:
    """The hunts that loaded, and what was refused."""

    hunts: list[Hunt] = field(default_factory=list)
    refused: list[RuleError] = field(default_factory=list)
    files: int = 0

    def __len__(self) -> int:
        return len(self.hunts)

    def named(self, name: str) -> Hunt | None:
        """The hunt of an id, a title, or a file's name without its ending; any case."""
        wanted = name.lower()
        for hunt in self.hunts:
            rule = hunt.rule
            if wanted in (rule.id.lower(), rule.title.lower(), Path(rule.file).stem.lower()):
                return hunt
        return None

    def names(self) -> list[str]:
        """What hunts are called by."""
        return [text for hunt in self.hunts
                for text in (Path(hunt.rule.file).stem, hunt.rule.title, hunt.rule.id)]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that is no hunt; `id` (in lower case) is that which it has, if it has one."""

    error: RuleError
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What one file holds; `others` are the files and folders of rules that it refers to."""

    hunts: tuple[Hunt, ...] = ()
    refused: tuple[Refused, ...] = ()
    others: tuple[Path, ...] = ()


def load_hunts(paths: Sequence[Path]) -> Hunts:
    """Load every hunt under the paths (files, or folders searched for `.yml` and `.yaml`).

    Of two with one id, the second is refused. Raises `InputError` for a missing path.
    """
    return together([read_file(file) for file in hunt_files(paths)])


def read_file(file: Path) -> Read:
    """The hunts of one file, each by itself."""
    try:
        documents = read_documents(file)
        _refuse_aliases(documents)
    except RuleError as error:
        return Read(refused=(Refused(error),))
    hunts, refused, others = [], [], []
    for place, item in enumerate(documents.items):
        others += _others(item, file.parent)
        try:
            hunts.append(parse(item, place, documents))
        except RuleError as error:
            refused.append(Refused(error, _id(item)))
    return Read(tuple(hunts), tuple(refused), tuple(others))


def together(reads: Sequence[Read]) -> Hunts:
    """What all files hold, each id once."""
    found = Hunts(files=len(reads))
    by_id: dict[str, Hunt] = {}
    for read in reads:
        found.refused.extend(each.error for each in read.refused)
        for hunt in read.hunts:
            first = by_id.setdefault(hunt.rule.id.lower(), hunt)
            if first is hunt:
                found.hunts.append(hunt)
                continue
            message = f"{hunt.rule.id} is the id of {first.rule.title!r} too"
            found.refused.append(
                RuleError(message, file=hunt.rule.file, field="id", expected="one of its own")
            )
    return found


def _id(item: Any) -> str | None:
    id = item.get("id") if isinstance(item, Mapping) else None
    return id.lower() if isinstance(id, str) else None


def _others(item: Any, folder: Path) -> list[Path]:
    """The rules that a Sigma hunt refers to; lists of indicators are read at each run."""
    named = item.get("rules") if isinstance(item, Mapping) else None
    names = named if isinstance(named, list) else [named]
    return [folder / name for name in names if isinstance(name, str)]


def _refuse_aliases(documents: Documents) -> None:
    """A few lines of aliases can stand for more text than there is memory. Raises `RuleError`."""
    for event in yaml.parse(documents.text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            raise RuleError("aliases are not supported", file=documents.file, line=line)
