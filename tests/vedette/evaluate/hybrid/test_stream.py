"""An alert stream to incidents, on one whose answer is known."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zstandard

from engine.errors import InputError
from vedette.evaluate.hybrid.show import show_stream
from vedette.evaluate.hybrid.stream import Company, company, opened

HOUR = 3600


def made(tmp_path: Path, rows: list[str]) -> Path:
    path = tmp_path / "fox_alerts.csv.zst"
    text = "\n".join(["time,name,ip,host,short,time_label,event_label", *rows])
    path.write_bytes(zstandard.ZstdCompressor().compress(text.encode()))
    return path


def alert(time: int, host: str, kind: str, label: str = "-") -> str:
    return f"{time},{kind},10.0.0.1,{host},{kind},x,{label}"


def noise(host: str, start: int) -> list[str]:
    return [alert(start + at * 600, host, "cron") for at in range(6)]


def story(tmp_path: Path) -> Company:
    rows = [row for at in range(10) for row in noise("mail", at * 10 * HOUR)]
    rows += [*noise("web", 5 * HOUR), alert(5 * HOUR + 60, "web", "shell", "webshell_cmd")]
    return company(made(tmp_path, rows), "fox")


def test_noise_of_one_host_is_an_incident_for_each_time_and_the_rare_one_comes_first(
    tmp_path: Path,
) -> None:
    found = story(tmp_path)
    assert (found.alerts, len(found.incidents)) == (67, 11)
    assert found.incidents[0] == {"webshell_cmd"}
    assert not any(found.incidents[1:])


def test_who_opens_the_first_incidents_keeps_the_step(tmp_path: Path) -> None:
    every, *_, tenth = opened([story(tmp_path)])
    assert (every.opened, every.shown, every.steps) == (11, 1, 1)
    assert (tenth.opened, tenth.shown) == (1, 1)
    assert every.fewer == pytest.approx(1 - 11 / 67)


def test_a_step_that_the_story_does_not_name_is_held_and_not_shown(tmp_path: Path) -> None:
    rows = [alert(at, "web", f"rule{at:02}") for at in range(20)]
    rows.append(alert(60, "web", "zz-last", "dnsteal"))
    (every, *_) = opened([company(made(tmp_path, rows), "fox")])
    assert (every.shown, every.held) == (0, 1)


def test_the_table_says_what_is_kept(tmp_path: Path) -> None:
    out = io.StringIO()
    show_stream([story(tmp_path)], out)
    assert "fox: 67 alerts, 11 incidents, 1 attack steps" in out.getvalue()
    assert "1 of 1" in out.getvalue()


@pytest.mark.parametrize("row", ["x,a,b,web,kind,c,dirb", alert(5, "web", "kind")])
def test_what_is_no_stream_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(InputError, match=r"is no time|labels no alert"):
        company(made(tmp_path, [row]), "fox")
