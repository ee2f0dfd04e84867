"""The configuration that `vedette init` writes stays true to the model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from vedette.settings import FolderSource, Pipeline, SearchSource, load
from vedette.settings.fields import keys
from vedette.settings.model import Settings
from vedette.settings.template import render

EXAMPLE = re.compile(r"^( *)#(?=\S)", re.MULTILINE)
OTHER = re.compile(r"^ *# or: (\w+): (\S+)$", re.MULTILINE)


def uncommented(text: str) -> str:
    return EXAMPLE.sub(r"\1", text)


def written(folder: Path, text: str) -> Path:
    (folder / "secrets").mkdir(exist_ok=True)
    for name in ("password", "api_key"):
        (folder / "secrets" / name).write_text("s3cret\n")
    path = folder / "vedette.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_as_written_it_is_the_embedded_default(tmp_path: Path) -> None:
    path = written(tmp_path, render())
    assert load(path, {}).settings == load(written(tmp_path, ""), {}).settings


def test_with_a_cluster_it_reads_from_and_writes_to_it(tmp_path: Path) -> None:
    settings = load(written(tmp_path, render("http://es:9200")), {}).settings
    assert settings.store == "cluster"
    assert settings.cluster is not None
    assert settings.cluster.hosts == ("http://es:9200",)
    assert [source.name for source in settings.sources] == ["logs"]


@pytest.mark.parametrize("cluster", [None, "https://es:9200"])
def test_with_every_example_taken_in_it_is_valid(tmp_path: Path, cluster: str | None) -> None:
    settings = load(written(tmp_path, uncommented(render(cluster))), {}).settings
    assert settings.cluster is not None
    assert settings.cluster.password is not None
    assert {type(source) for source in settings.sources} == {FolderSource, SearchSource}


def test_every_key_of_the_model_is_in_it() -> None:
    tree: dict[str, Any] = yaml.safe_load(uncommented(render()))
    tree["cluster"].update(OTHER.findall(render()))
    for path, _ in keys(Settings):
        value: Any = tree
        for part in path:
            assert part in value, path
            value = value[part]
    for source, model in zip(tree["sources"], (FolderSource, SearchSource), strict=True):
        assert set(source) == set(model.model_fields)
    assert {key for pipeline in tree["pipelines"] for key in pipeline} == set(Pipeline.model_fields)
    for logsource in (source["logsource"] for source in tree["sources"][:1]):
        assert set(logsource) == {"product", "category", "service"}


@pytest.mark.parametrize("alternative", OTHER.findall(render()), ids=lambda pair: pair[0])
def test_the_other_ways_to_sign_in_are_valid(tmp_path: Path, alternative: tuple[str, str]) -> None:
    key, value = alternative
    text = uncommented(render()).replace("password_file: secrets/password", f"{key}: {value}")
    if key.startswith("api_key"):
        text = text.replace("  username: vedette\n", "")
    cluster = load(written(tmp_path, text), {}).settings.cluster
    assert cluster is not None
    assert (cluster.password or cluster.api_key) is not None


EXAMPLES = {"status", "tags", "logsource", "cursor_field", "query"}
EXAMPLES |= {"username", "password", "password_file", "ca_file"}
EXAMPLES |= {"client_cert", "client_key", "fingerprint", "time_format"}
"""Keys whose commented value is an example; all others show the default."""


def test_a_commented_default_is_the_default(tmp_path: Path) -> None:
    settings = load(written(tmp_path, uncommented(render())), {}).settings
    sections: list[Any] = [settings.rules, settings.attack, settings.log, settings.cluster]
    sections.append(settings.instances)
    for section in (*sections, *settings.sources):
        for name, info in type(section).model_fields.items():
            if name not in EXAMPLES and not info.is_required():
                assert getattr(section, name) == info.default, name
    defaults = load(None, {}).settings
    assert settings.namespace == defaults.namespace
    assert settings.state == defaults.state
    assert settings.output == defaults.output
