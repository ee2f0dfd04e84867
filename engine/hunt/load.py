"""Hunt files to hunts: what cannot be used is named, the rest go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

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


def load_hunts(paths: Sequence[Path]) -> Hunts:
    """Load every hunt under the paths (files, or folders searched for `.yml` and `.yaml`).

    Of two with one id, the second is refused. Raises `InputError` for a missing path.
    """
    found = Hunts()
    by_id: dict[str, Hunt] = {}
    for file in hunt_files(paths):
        found.files += 1
        try:
            documents = read_documents(file)
            _refuse_aliases(documents)
        except RuleError as error:
            found.refused.append(error)
            continue
        for place, item in enumerate(documents.items):
            try:
                hunt = parse(item, place, documents)
                first = by_id.setdefault(hunt.rule.id.lower(), hunt)
                if first is not hunt:
                    message = f"{hunt.rule.id} is the id of {first.rule.title!r} too"
                    raise RuleError(message, file=str(file), field="id", expected="one of its own")
            except RuleError as error:
                found.refused.append(error)
            else:
                found.hunts.append(hunt)
    return found


def _refuse_aliases(documents: Documents) -> None:
    """A few lines of aliases can stand for more text than there is memory. Raises `RuleError`."""
    for event in yaml.parse(documents.text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else None
            raise RuleError("aliases are not supported", file=documents.file, line=line)
