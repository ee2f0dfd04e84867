"""What is wrong in a hunt is told with file, line, field and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.hunt.load import load_hunts

HEAD = "title: A hunt\nid: 0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51\n"
GOOD = HEAD + "type: threshold\ngroup_by: user.name\nat_least: 10\nwithin: 10m\n"


def refusal(folder: Path, text: str) -> str:
    (folder / "a.yml").write_text(text)
    loaded = load_hunts([folder / "a.yml"])
    (error,) = loaded.refused
    return str(error).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("at_least", "at_leest"),
         "a.yml:5: at_leest: unknown key 'at_leest' of a threshold hunt; did you mean 'at_least'?"),
        (GOOD.replace("threshold", "treshold"), "a.yml:3: type: unknown type 'treshold'; expected "
         "one of cardinality, change, flatline, indicator, metric, new_terms, query, sequence, "
         "sigma, spike, threshold; did you mean 'threshold'?"),
        (GOOD.replace("10m", "10 minutes"),
         "a.yml:6: within: '10 minutes' is not a duration; expected such as 30s, 10m, 24h or 7d"),
        (GOOD.replace("within: 10m\n", ""), "a.yml:1: a threshold hunt lacks 'within'; expected "
         "within: the time in which they come"),
        (GOOD.replace("10m", ""), "a.yml:6: within: has no value; expected within: the time in "
         "which they come"),
        (GOOD.replace(" 10\n", " 0\n"),
         "a.yml:5: at_least: 0 is out of range; expected a whole number, 1 to 100,000"),
        (GOOD + "level: hihg\n", "a.yml:7: level: unknown value 'hihg'; expected one of "
         "informational, low, medium, high, critical; did you mean 'high'?"),
        (GOOD + "schedule: {evry: 5m}\n", "a.yml:7: schedule.evry: unknown key 'evry' of a "
         "schedule; did you mean 'every'?"),
        (GOOD + "schedule:\n  every: 5m\n  cron: '0 * * * *'\n",
         "a.yml:7: schedule: says when in no way, or in two; expected every, or cron"),
        (GOOD + "alert: {max: 0}\n", "a.yml:7: alert.max: 0 is out of range; expected a whole "
         "number, 1 to 10,000"),
        (GOOD + "query: {term: {}, match: {}}\n",
         "a.yml:7: query: is no query; expected a Lucene query string, or one query DSL object"),
        (GOOD + "detection: {selection: {a: 1}, condition: selection}\n",
         "a.yml:7: detection: a detection needs a log source; expected logsource: {product: …}"),
        (GOOD + "logsource: {product: windows}\ndetection: {selection: {a|contians: 1}, condition: "
         "selection}\n",
         "a.yml:8: detection: Unknown modifier 'contians'; did you mean 'contains'?"),
        (GOOD.replace("0b6c5a0e-", ""),
         "a.yml:2: id: '2f0f-4a0b-9d43-4b1f3f9f2a51' is no UUID; expected such as "
         "0b6c5a0e-2f0f-4a0b-9d43-4b1f3f9f2a51"),
        (HEAD + "type: new_terms\ngroup_by: a\nfield: b\nhistory: 1d\n",
         "a.yml:4: group_by: means nothing to a new_terms hunt; expected to be left out"),
        (HEAD + "type: metric\nfield: a\nmeasure: sum\ncondition: {lt: 5}\nwithin: 1h\n",
         "a.yml:6: condition: a window of few events has a small sum: every one would alert; "
         "expected gt or gte"),
        (HEAD + "type: metric\nfield: a\nmeasure: percentile\ncondition: {gt: 5}\nwithin: 1h\n",
         "a.yml:1: percentile: goes with the measure percentile, and only with that; expected "
         "percentile: 95, and that measure"),
        (HEAD + "type: sequence\nwithin: 1h\nlogsource: {product: x}\nsteps:\n  - detection: "
         "{s: {a: 1}, condition: s}\n  - detection: {s: {a: 1}, condition: t}\n",
         "a.yml:8: steps.1.detection: "),
        (HEAD + "type: indicator\nfields: a\nlists: nothing.csv\n",
         "a.yml:5: lists: "),
        (HEAD + "type: query\n", "a.yml:1: query: asks for exactly one query; expected query, esql "
         "or ppl"),
        (HEAD + "type: query\nppl: source=x\n", "a.yml:4: ppl: does not say where the time of a "
         "run belongs; expected {from} and {to}, each in quotes"),
        (HEAD + "type: spike\nwithin: 7m\nreference: 1h\nfactor: 3\n",
         "a.yml:5: reference: 1h is no reference for 7m; expected 2 to 2,000 times within"),
        ("- a\n- b\n", "a.yml:1: is no hunt; expected a mapping with title, id and type"),
        (GOOD + "title: twice\n", "a.yml:7: is not YAML: key 'title' is given twice"),
        (GOOD + "tags: &a [x]\nreferences: *a\n", "a.yml:8: aliases are not supported"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    assert refusal(tmp_path, text).startswith(told)


def test_a_good_hunt_beside_a_wrong_one_loads(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD)
    (tmp_path / "b.yml").write_text("title: x\n")
    loaded = load_hunts([tmp_path])
    assert (len(loaded), len(loaded.refused), loaded.files) == (1, 1, 2)


def test_the_second_of_two_with_one_id_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD)
    (tmp_path / "b.yml").write_text(GOOD.replace("A hunt", "Another"))
    loaded = load_hunts([tmp_path])
    assert [str(hunt) for hunt in loaded.hunts] == ["A hunt"]
    assert "is the id of 'A hunt' too" in str(loaded.refused[0])


def test_a_hunt_is_found_by_file_title_and_id_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "many_of_them.yml").write_text(GOOD)
    loaded = load_hunts([tmp_path])
    for name in ("many_of_them", "a HUNT", "0B6C5A0E-2f0f-4a0b-9d43-4b1f3f9f2a51"):
        assert loaded.named(name) is loaded.hunts[0]
    assert loaded.named("other") is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder of hunts"):
        load_hunts([tmp_path / "nowhere"])


def test_what_only_is_said_of_a_hunt_does_not_change_its_content(tmp_path: Path) -> None:
    def content(text: str) -> str:
        (tmp_path / "a.yml").write_text(text)
        return load_hunts([tmp_path]).hunts[0].content

    same = GOOD.replace("A hunt", "Another") + "level: high\nschedule: {every: 5m}\n"
    assert content(same) == content(GOOD)
    assert content(GOOD.replace("10m", "11m")) != content(GOOD)
