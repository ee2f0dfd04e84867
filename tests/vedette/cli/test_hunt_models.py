"""`vedette hunt --models`: rules and models in one pass."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vedette.cli.command import WHOAMI, Answer, vedette
from tests.vedette.cli.test_models import QUICK, event, normal

STRANGE = [event(2000, 4624), event(2001, 1102), event(2002, 1102), {"Computer": "ws01"}]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a model, and events."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        write("normal.ndjson", normal())
        write("today.ndjson", STRANGE)
        Path("rule.yml").write_text(WHOAMI)
        assert vedette("models", "fit", "office", "normal.ndjson", *QUICK).code == 0
    return folder


@pytest.fixture(autouse=True)
def _there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))


def write(path: str, events: list[dict[str, Any]]) -> None:
    Path(path).write_text("".join(json.dumps(each) + "\n" for each in events))


def hunt(*words: str) -> Answer:
    return vedette("hunt", "today.ndjson", "--rules", "rule.yml", *words)


def test_a_strange_window_is_an_alert_beside_those_of_rules() -> None:
    answer = hunt("--models", "office")
    assert answer.code == 0
    (alert,) = answer.alerts
    assert alert["vedette"]["alert"]["kind"] == "anomaly"
    assert alert["rule"]["name"] == "Unusual activity on ws01"
    assert "model office: 1 window scored, 1 unusual, 0 with rules" in answer.err
    assert "there were 1 in 1 day" in answer.err


def test_the_table_and_the_report_show_it() -> None:
    answer = hunt("--models", "office", "-o", "table", "--report", "report.html")
    assert "Unusual activity on ws01" in answer.out
    assert "1 alert from 1 model" in answer.out
    assert "Unusual activity on ws01" in Path("report.html").read_text()


def test_two_hunts_give_the_same_alerts() -> None:
    found = [hunt("--models", "office").alerts for _ in range(2)]
    for alert in (each for alerts in found for each in alerts):
        del alert["@timestamp"], alert["event"]["created"], alert["event"]["ingested"]
        del alert["vedette"]["alert"]["execution"]
    assert found[0] == found[1]


def test_a_model_that_is_not_there_is_named_and_rules_go_on() -> None:
    answer = hunt("--models", "offce", "--models", "office")
    assert answer.code == 0
    assert len(answer.alerts) == 1
    assert (
        "model-missing: NAME: the model offce is left out: there is no model 'offce'" in answer.err
    )


@pytest.fixture
def altered(home: Path) -> Iterator[None]:
    path = home / "state" / "vedette" / "models" / "office" / "markov" / "arrays.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    yield
    path.write_bytes(whole)


@pytest.mark.usefixtures("altered")
def test_an_altered_model_is_left_out_and_strict_makes_it_an_error() -> None:
    answer = hunt("--models", "office", "--strict")
    assert answer.code == 2
    assert answer.alerts == []
    assert "model-missing: " in answer.err


def test_the_budget_is_more_than_nothing() -> None:
    assert hunt("--models", "office", "--alerts-a-day", "0").code == 3


def test_a_hunt_without_models_needs_no_numpy_and_one_with_them_no_torch() -> None:
    code = (
        "import sys\n"
        "from vedette.cli.main import entry\n"
        "def run(*words):\n"
        "    sys.argv = ['vedette', 'hunt', 'today.ndjson', '--rules', 'rule.yml', *words]\n"
        "    try: entry()\n"
        "    except SystemExit as end: assert not end.code, end.code\n"
        "run()\n"
        "assert 'numpy' not in sys.modules\n"
        "for name in ('torch', 'sklearn', 'scipy', 'hdbscan', 'statsmodels', 'shap'):\n"
        "    sys.modules[name] = None\n"
        "run('--models', 'office', '--strict')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Unusual activity on ws01" in done.stdout
