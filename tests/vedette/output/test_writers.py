from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from typing import Any

import pytest
from rich.cells import cell_len

from engine.errors import InputError
from tests.vedette.report.sample import documents, hostile, summary
from vedette.output.closing import duration, headline, print_summary, size
from vedette.output.console import wants_color
from vedette.output.rows import COLUMNS
from vedette.output.summary import Summary
from vedette.output.writers import FORMATS, writer


def written(
    form: str, alerts: Iterable[dict[str, Any]], width: int = 120, color: bool = False
) -> str:
    out, alerts = io.StringIO(), list(alerts)
    made = writer(form, out, width=width, color=color)
    for alert in alerts:
        made.alert(alert)
    made.close(summary(alerts))
    return out.getvalue()


def test_ndjson_is_one_document_a_line() -> None:
    lines = written("ndjson", documents()).splitlines()
    assert [json.loads(line) for line in lines] == documents()


def test_ndjson_reaches_the_reader_with_each_alert() -> None:
    class Pipe(io.StringIO):
        seen = ""

        def flush(self) -> None:
            self.seen = self.getvalue()

    pipe = Pipe()
    writer("ndjson", pipe, width=None, color=False).alert({"event": {}})
    assert pipe.seen == '{"event":{}}\n'


def test_json_is_one_array_and_empty_when_there_is_nothing() -> None:
    assert json.loads(written("json", documents())) == documents()
    assert json.loads(written("json", [])) == []


@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_hostile_documents_come_through_json_whole(form: str) -> None:
    sent = list(hostile())[:-1]  # the last is nested too deep to be kept
    text = written(form, sent)
    got = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    assert got == sent


def test_nesting_beyond_what_json_writers_take_is_named() -> None:
    (line,) = written("ndjson", list(hostile())[-1:]).splitlines()
    assert "nested deeper than 128 levels" in line
    assert json.loads(line)["rule"] == {}


def test_csv_has_the_documented_columns_and_a_row_an_alert() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", documents()))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(documents())
    shadow = next(row for row in rows if row["rule"] == "Shadow Copies Deleted")
    assert shadow["level"] == "critical"
    assert shadow["techniques"] == "T1490"
    assert shadow["tactics"] == "Impact"
    assert shadow["user"] == "CORP\\svc_backup"
    assert shadow["time"].startswith("2026-11-23T01:5")
    assert shadow["time"].endswith("Z")
    assert shadow["event_id"].startswith("1-")


def test_no_csv_cell_of_hostile_documents_is_a_formula_or_breaks_its_row() -> None:
    text = written("csv", hostile())
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert text.count("\n") == len(rows)
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row
    )


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_names_every_rule_and_fits_the_width(width: int) -> None:
    text = written("table", documents(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for word in ("critical", "T1490", "srv-file-01", "2026-11-23 01:51"):
        assert word in flat
    assert text.index("Shadow Copies Deleted") < text.index("Webshell Child") < text.index("SSH")
    assert "\x1b" not in text


def test_the_table_ends_with_the_figures_and_the_problems() -> None:
    text = written("table", documents())
    assert "325 alerts from 15 rules" in text
    assert "438,857 events · 12,362 events/s · 35.5 s · 1.2 GB · 3,138 rules loaded" in text
    assert "3 rules could not be loaded" in text
    assert "3x malformed-json" in text
    assert "events/proxy.ndjson:17: the line is no JSON object" in text
    tactics = [text.index(name) for name in ("Reconnaissance", "Execution ", "Stealth", "Impact ")]
    assert tactics == sorted(tactics)


def test_colour_is_written_only_when_asked_for() -> None:
    assert "\x1b[" in written("table", documents(), color=True)
    assert "\x1b[" not in written("table", documents(), color=False)


@pytest.mark.parametrize("color", [False, True])
def test_no_hostile_character_reaches_the_table(color: bool) -> None:
    text = written("table", hostile(), color=color)
    for number in (*range(30, 50), 90, 91, 95, 96, 0, 1, 2):
        text = text.replace(f"\x1b[{number}m", "")
    import re

    text = re.sub(r"\x1b\[[0-9;]*m", "", text)  # what is left of the table's own colours
    bad = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert bad <= {"\n"}
    assert "[bold red]markup[/]" in " ".join(text.split())
    assert ":skull:" in text


def test_an_empty_result_says_so_plainly() -> None:
    assert headline(Summary(events=12, rules_loaded=3)).startswith("No alerts: 3 rules tried on 12")
    assert "no events were read" in headline(Summary(rules_loaded=3))
    assert "no rules were loaded" in headline(Summary(events=5))
    out = io.StringIO()
    writer("table", out, width=80, color=False).close(Summary(events=12, rules_loaded=3))
    assert "nothing matched" in out.getvalue()


def test_alerts_beyond_the_limit_are_named() -> None:
    out, made = io.StringIO(), summary()
    made.not_shown = 25
    print_summary(made, out, width=100, color=False)
    assert "25 alerts beyond --limit" in out.getvalue()


def test_a_stream_that_knows_only_ascii_gets_escapes_instead_of_an_error() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    alert = documents()[0] | {"host": {"name": "zürich-01"}}
    made = writer("table", out, width=100, color=False)
    made.close(summary([alert]))
    out.flush()
    assert b"z\\xfcrich-01" in raw.getvalue()
    assert "█".encode() not in raw.getvalue()


def test_an_unknown_format_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"expected one of table, .* did you mean 'ndjson'"):
        writer("ndjsn", io.StringIO(), width=None, color=False)
    assert len(FORMATS) == 4


def test_no_color_and_dumb_terminals_are_respected() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert wants_color(Terminal(), {"TERM": "xterm"})
    assert not wants_color(Terminal(), {"NO_COLOR": "1", "TERM": "xterm"})
    assert not wants_color(Terminal(), {"TERM": "dumb"})
    assert not wants_color(io.StringIO(), {})


def test_sizes_and_durations_read_as_a_person_says_them() -> None:
    assert [size(n) for n in (12, 1500, 1_214_000_000)] == ["12 B", "1.5 kB", "1.2 GB"]
    assert [duration(s) for s in (0.4, 35.5, 725, 10_920)] == [
        *("0.40 s", "35.5 s", "12 min 05 s", "3 h 02 min")
    ]
