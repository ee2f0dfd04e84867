"""Lines of no known form, from a model that learns them to a hunt that scores them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.vedette.cli.command import vedette

START = datetime(2026, 11, 20)


def written(path: Path, first: int, lines: int, form: str) -> Path:
    """A line a minute from the minute `first` on, of two templates, with times in that form."""
    kinds = ("INFO started job {}", "INFO finished job {}", "WARN slow job {}")
    path.write_text(
        "".join(
            f"{(START + timedelta(minutes=n)).strftime(form)} {kinds[n % 3].format(n)}\n"
            for n in range(first, first + lines)
        )
    )
    return path


@pytest.mark.parametrize(
    ("form", "given"),
    [("[%Y-%m-%d %H:%M:%S]", ("--text",)), ("%d.%m. %H:%M", ("--time-format", "%d.%m. %H:%M"))],
)
def test_a_model_of_lines_scores_them_in_a_hunt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, given: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    normal, later = (written(tmp_path / f"{n}.log", n, 400, form) for n in (0, 400))
    told = given if len(given) > 1 else ()
    fitted = vedette("models", "fit", "jobs", normal, "--detector", "markov", *told)
    assert fitted.code == 0, fitted.err
    assert "400 events in 40 windows, 2 templates" in fitted.out
    hunted = vedette("hunt", later, "--models", "jobs", *given, "--output", "ndjson")
    assert "model jobs: 40 windows scored" in hunted.err
    assert "no-time" not in hunted.err
    assert vedette("models", "score", "jobs", later, "--p", "1", *told).out.count("\np ") > 30


def test_lines_without_a_time_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    normal = written(tmp_path / "a.log", 0, 400, "%Y-%m-%dT%H:%M:%S")
    assert vedette("models", "fit", "jobs", normal, "--detector", "markov").code == 0
    (tmp_path / "b.log").write_text("no time here\n" * 20)
    hunted = vedette("hunt", "b.log", "--models", "jobs", "--text", "--output", "ndjson")
    assert "events without a time are not scored by models (20 so far)" in hunted.err
    refused = vedette("models", "fit", "other", normal, "--time-format", "%H:%M")
    assert refused.code == 3
    assert "--time-format: '%H:%M' tells no time" in refused.err
