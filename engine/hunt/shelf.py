"""Hunt files, loaded as often as asked: what has not changed is kept, what went wrong stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import RuleError, VedetteError
from engine.hunt.load import Hunts, Read, read_file, together
from engine.hunt.model import Hunt
from engine.rule_files import hunt_files, read_rule_file, rule_files


class HuntShelf:
    """The hunts under some paths, as they were at the last look."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._reads: dict[str, tuple[str, Read]] = {}
        self._looked = False
        self.hunts = Hunts()
        self.kept: list[Hunt] = []
        """Of these, what stays as it was, for what it is now is refused."""

    @property
    def paths(self) -> list[Path]:
        """The files and folders that its hunts are made of."""
        others = (path for _, read in self._reads.values() for path in read.others)
        return [*self._paths, *dict.fromkeys(others)]

    def refresh(self) -> bool:
        """Look at the files again; whether anything of them is new.

        A hunt that was right at the last look, and is wrong now, stays as it was. Raises
        `InputError` for a path that is not there; then all is as it was.
        """
        reads: dict[str, tuple[str, Read]] = {}
        for file in hunt_files(self._paths):
            known = self._reads.get(str(file))
            mark = _mark(file, known[1] if known else None)
            if known and known[0] == mark:
                reads[str(file)] = known
                continue
            read = read_file(file)
            reads[str(file)] = _mark(file, read), read
        if self._looked and reads == self._reads:
            return False
        found = together([read for _, read in reads.values()])
        self.kept = list(self._stay(reads, found)) if self._looked else []
        found.hunts.extend(self.kept)
        self._reads, self.hunts, self._looked = reads, found, True
        return True

    def _stay(self, reads: dict[str, tuple[str, Read]], found: Hunts) -> Iterator[Hunt]:
        """The hunts of the last look that something wrong stands in the place of."""
        live = {hunt.rule.id.lower() for hunt in found.hunts}
        for hunt in self.hunts.hunts:
            id, file = hunt.rule.id.lower(), hunt.rule.file
            if id in live:
                continue
            wrong = [
                each
                for name, (_, read) in reads.items()
                if name == file or Path(name) in Path(file).parents
                for each in read.refused
            ]
            if any(each.id is None or each.id == id for each in wrong):
                yield hunt


def _mark(file: Path, read: Read | None) -> str:
    """A hash of a hunt's file and of the rules that it refers to."""
    digest = hashlib.sha256()
    for path in (file, *_others(read.others if read else ())):
        digest.update(str(path).encode("utf-8", "surrogateescape"))
        try:
            digest.update(read_rule_file(path))
        except RuleError as error:
            digest.update(str(error).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _others(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            yield from (file for file, _ in rule_files([path]))
        except VedetteError:
            yield path  # it is not there: that it comes is a change
