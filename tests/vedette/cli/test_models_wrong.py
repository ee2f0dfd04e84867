"""What `vedette models` is told wrongly: one line says what, and nothing is left half-written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from tests.vedette.cli.command import Answer, vedette

START = datetime(2026, 11, 9, 8, tzinfo=UTC)
QUICK = ("--detector", "new-value", "--detector", "pca")
KINDS = ("open", "read", "write", "close")


def event(minute: float, kind: int) -> dict[str, object]:
    return {"event.action": KINDS[kind % 4], "host.name": "web",
            "@timestamp": (START + timedelta(minutes=minute)).isoformat()}  # fmt: skip


def write(name: str, events: list[dict[str, object]]) -> None:
    Path(name).write_text("".join(json.dumps(each) + "\n" for each in events))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write("normal.ndjson", [event(m + s, m // 10 + s * s) for m in range(0, 900, 10)
                            for s in range(4)])  # fmt: skip
    write("one.ndjson", [event(0, 1)])
    write("two.ndjson", [event(0, 1), event(15, 2)])
    write("nan.ndjson", [{**event(0, 1), "@timestamp": float("nan")}] * 9)
    write("year.ndjson", [{**event(0, 1), "@timestamp": "99999-01-01T00:00:00Z"}] * 9)
    Path("empty.ndjson").touch()
    Path("folder").mkdir()
    return lambda *words: vedette("models", *words)


def last(answer: Answer) -> str:
    """What is told in the end, in one line, where something is wrong with what was given."""
    assert answer.code == 3, answer.err
    assert not answer.out
    line = answer.err.splitlines()[-1]
    assert line.startswith("vedette: ")
    return line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nofile.ndjson",), "'nofile.ndjson' is neither a file nor a configured source"),
        (("empty.ndjson",), "training has nothing in it"),
        (("folder",), "training has nothing in it"),
        (("nan.ndjson",), "training has nothing in it"),
        (("year.ndjson",), "training has nothing in it"),
        (("one.ndjson",), "the events lie in 1 spans of 600 seconds, and 3 are needed"),
        (("two.ndjson",), "the events lie in 2 spans of 600 seconds, and 3 are needed"),
        (("normal.ndjson", "--features", "level"), "no feature is called 'level'; there are"),
        (("normal.ndjson", "--set", "pca.nosuch=1"), "pca has no argument 'nosuch'"),
        (("normal.ndjson", "--hold-out", ".9999"), "--hold-out: of what is not held out: "),
        (("normal.ndjson", "--detector", "nosuch"), "no detector is called 'nosuch'"),
        (("normal.ndjson", "--rare", "1000"), "every window has kinds of events that fewer"),
        (("normal.ndjson", "--since", "2030-01-01"), "training has nothing in it"),
        (("normal.ndjson", "--last", "soon"), "--last: 'soon' is not a duration"),
    ],
)  # fmt: skip
def test_a_fit_that_cannot_be_says_why_and_leaves_nothing(
    run: Callable[..., Answer], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in last(run("fit", "office", *words, *QUICK))
    assert not [*(tmp_path / "state").rglob("office*")]


def test_numbers_out_of_range_are_usage_errors(run: Callable[..., Answer]) -> None:
    for words in (("--seed", "-1"), ("--hold-out", "1.5"), ("--by-week", "99")):
        answer = run("fit", "office", "normal.ndjson", *QUICK, *words)
        assert answer.code == 3
        assert f"Invalid value for '{words[0]}'" in answer.err.splitlines()[-1]
    assert run("tune", "tuned", "normal.ndjson", "--seed", "-1").code == 3


@pytest.mark.parametrize("command", ["score", "drift", "update"])
def test_who_asks_a_model_that_is_not_there_hears_which_there_are(
    run: Callable[..., Answer], command: str
) -> None:
    line = last(run(command, "nosuch", "normal.ndjson"))
    assert line.endswith("there is no model 'nosuch'; expected one of: demo-office")
    assert "'nofile' is neither a file" in last(run(command, "demo-office", "nofile"))


def test_an_update_that_cannot_be_leaves_the_model_as_it_was(
    run: Callable[..., Answer], tmp_path: Path
) -> None:
    assert run("fit", "office", "normal.ndjson", *QUICK).code == 0
    folder = tmp_path / "state" / "vedette" / "models" / "office"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write("late.ndjson", [event(9000, 1), event(9015, 2)])
    for name, said in (
        ("empty.ndjson", "training has nothing in it"),
        ("nan.ndjson", "training has nothing in it"),
        ("folder", "training has nothing in it"),
        ("late.ndjson", "the events lie in 2 spans of time, and 3 are needed"),
    ):
        assert said in last(run("update", "office", name))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_place_that_cannot_hold_a_model_is_told_before_events_are_read(
    run: Callable[..., Answer],
) -> None:
    Path("place").touch()
    Path("vedette.yml").write_text("state: {dir: place}\n")
    answer = run("fit", "office", "normal.ndjson", *QUICK)
    assert "place: is no folder; expected a place for the model" in last(answer)
    assert len(answer.err.splitlines()) == 1
    models = Path("state/vedette/models")
    models.mkdir(parents=True)
    (models / "office").touch()
    Path("vedette.yml").unlink()
    assert "models/office: is no folder" in last(run("fit", "office", "normal.ndjson", *QUICK))


def test_a_library_that_does_not_load_is_named(
    run: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of another processor's, or with a library of the system missing."""
    (tmp_path / "stubs" / "sklearn").mkdir(parents=True)
    for name in ("__init__", "ensemble"):
        (tmp_path / "stubs" / "sklearn" / f"{name}.py").write_text(
            "raise ImportError('no libgomp')"
        )
    monkeypatch.syspath_prepend(str(tmp_path / "stubs"))
    kept: dict[str, ModuleType] = {
        name: sys.modules[name] for name in sys.modules if name.partition(".")[0] == "sklearn"
    }
    for name in kept:
        monkeypatch.delitem(sys.modules, name)
    line = last(run("fit", "office", "normal.ndjson", "--detector", "isolation-forest"))
    assert line.endswith("needs sklearn, which is installed and does not load: no libgomp")
    assert not [*(tmp_path / "state").rglob("office*")]
