"""Rule files read for linting: once for what is written, once as the engine understands them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml
from sigma.processing.pipeline import ProcessingPipeline

from engine.errors import RuleError
from engine.hunt.load import load_hunts
from engine.library import Library
from engine.load import load_rules
from engine.rule import Rule
from engine.rule_files import HUNTS, rule_files
from engine.yaml_text import read_documents
from vedette.lint.document import RuleFile, documents_of


def read_files(
    paths: Sequence[Path], pipelines: Sequence[ProcessingPipeline] = ()
) -> list[RuleFile]:
    """Every rule file under the paths. Raises `InputError` for a path that does not exist."""
    files = [_read(path) for path, _ in rule_files(paths)]
    loaded = load_rules(paths, pipelines=pipelines)
    if loaded.warnings:  # exceptions may be for hunts that lie beside the rules
        library = Library(paths, lambda: pipelines)
        library.besides = _hunts(paths)
        loaded = library.load()
    by_name = {(file.name, d.title): d for file in files for d in file.documents}
    for rule in loaded.rules:
        if document := by_name.get((rule.file, rule.title)):
            document.rule = rule
    refused = {file.name: file for file in files}
    for error in loaded.refused:
        if error.file in refused:
            refused[error.file].refused.append(error)
    for error in loaded.warnings:
        if error.file in refused:
            refused[error.file].warned.append(error)
    return files


def _hunts(paths: Sequence[Path]) -> list[Rule]:
    """What exceptions may be for, of the hunts in folders below."""
    folders = [found for path in paths for found in path.rglob(HUNTS) if found.is_dir()]
    hunts = load_hunts(folders).hunts
    return [rule for hunt in hunts for rule in (hunt.rule, *hunt.type.rules())]


def _read(path: Path) -> RuleFile:
    try:
        documents = read_documents(path)
    except RuleError as error:
        return RuleFile(path, _text(path), broken=error)
    file = RuleFile(path, documents.text)
    nodes = [node for node in yaml.compose_all(documents.text, yaml.CSafeLoader) if not _null(node)]
    file.documents.extend(documents_of(file, documents.items, nodes))
    return file


def _text(path: Path) -> str:
    """The text of a file that is broken, for the checks that look at text alone."""
    try:
        with path.open("rb") as file:
            return file.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return ""


def _null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
